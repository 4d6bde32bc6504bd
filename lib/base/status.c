/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* The texts of status codes. */
#include <triad/base.h>

static const char *const codes[TRI_STATUS_COUNT] = {
#define CODE(name, code, meaning) [TRI_##name] = code,
    TRI_STATUS_LIST(CODE)
#undef CODE
};

static const char *const meanings[TRI_STATUS_COUNT] = {
#define MEANING(name, code, meaning) [TRI_##name] = meaning,
    TRI_STATUS_LIST(MEANING)
#undef MEANING
};

const char *tri_status_code(tri_status status) {
  return (unsigned)status < TRI_STATUS_COUNT ? codes[status] : "invalid";
}

const char *tri_status_meaning(tri_status status) {
  return (unsigned)status < TRI_STATUS_COUNT ? meanings[status] : "not a status";
}
