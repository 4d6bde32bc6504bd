/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* The names of verdicts. */
#include <triad/verify.h>

static const char *const names[TRI_VERDICT_COUNT] = {
#define NAME(name, meaning) [TRI_##name] = #name,
    TRI_VERDICT_LIST(NAME)
#undef NAME
};

static const char *const meanings[TRI_VERDICT_COUNT] = {
#define MEANING(name, meaning) [TRI_##name] = meaning,
    TRI_VERDICT_LIST(MEANING)
#undef MEANING
};

const char *tri_verdict_name(tri_verdict verdict) {
  return (unsigned)verdict < TRI_VERDICT_COUNT ? names[verdict] : "invalid";
}

const char *tri_verdict_meaning(tri_verdict verdict) {
  return (unsigned)verdict < TRI_VERDICT_COUNT ? meanings[verdict] : "not a verdict";
}
