/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Raising the precision of balls until enough digits are certain. */
#include "verify/certify.h"

#include <stdio.h>
#include <string.h>

#include "numbers/flint.h"

enum { GUARD_BITS = 24, LEAST_LIMIT = 4096, TIMES_LIMIT = 16 };

/* log2(10) from above. */
static uint64_t bits_of(uint64_t digits) { return digits * 3322 / 1000 + 1; }

static uint32_t at_most(uint64_t bits) {
  return bits < TRI_MAX_PRECISION ? (uint32_t)bits : TRI_MAX_PRECISION;
}

uint32_t tri__certify_first(uint64_t digits) { return at_most(bits_of(digits) + GUARD_BITS); }

uint32_t tri__certify_most(uint64_t digits) {
  return at_most(TIMES_LIMIT * bits_of(digits) + LEAST_LIMIT);
}

/* Bits that number i lacks: 0 if it has enough; UINT64_MAX if it is not told from 0. */
static uint64_t lacking(const tri_values *numbers, size_t i, uint64_t wanted) {
  arb_srcptr x = tri__ball(tri_values_get(numbers, i).at);
  if (arb_is_exact(x)) return 0;
  if (arb_contains_zero(x)) return UINT64_MAX;
  slong has = arb_rel_accuracy_bits(x);
  return has >= (slong)wanted ? 0 : (uint64_t)((slong)wanted - has);
}

static uint64_t worst(const tri_values *numbers, uint64_t wanted, size_t *which) {
  uint64_t most = 0;
  for (size_t i = 0; i < tri_values_count(numbers); i++) {
    uint64_t bits = lacking(numbers, i, wanted);
    if (bits <= most) continue;
    most = bits;
    *which = i;
  }
  return most;
}

/* Whether a ball about 0 is so small that 0 is what it is to print. */
static bool is_zero_to(const tri_values *numbers, size_t i, uint64_t wanted) {
  arb_srcptr x = tri__ball(tri_values_get(numbers, i).at);
  mag_t size;
  mag_init(size);
  arb_get_mag(size, x);
  bool small = mag_cmp_2exp_si(size, -(slong)wanted) <= 0;
  mag_clear(size);
  return small;
}

/* At the limit: every number has its digits or is as good as 0. */
static bool good_enough(const tri_values *numbers, uint64_t wanted) {
  for (size_t i = 0; i < tri_values_count(numbers); i++)
    if (lacking(numbers, i, wanted) &&
        !(lacking(numbers, i, wanted) == UINT64_MAX && is_zero_to(numbers, i, wanted)))
      return false;
  return true;
}

/* By what is lacking if that is known, and at least half as much again. */
static uint32_t higher(uint32_t precision, uint64_t lack, uint32_t most) {
  uint64_t more = lack == UINT64_MAX ? precision : lack + GUARD_BITS;
  if (more < precision / 2) more = precision / 2;
  return more < most - precision ? precision + (uint32_t)more : most;
}

/* The error says so, around what is known of the reason. */
static tri_status undecided(tri_error *error, uint32_t precision, const char *why) {
  char text[TRI_MESSAGE_SIZE];
  if (!error) return TRI_UNKNOWN;
  snprintf(text, sizeof text, "could not be decided with %u bits: %.*s", (unsigned)precision,
           (int)sizeof text - 64, why);
  memcpy(error->message, text, sizeof text);
  error->status = TRI_UNKNOWN;
  return TRI_UNKNOWN;
}

tri_status tri__certify(const struct certify_goal *goal, certify_work *work, void *data,
                        tri_values **numbers, tri_error *error) {
  uint64_t wanted = bits_of(goal->digits) + 1;
  uint32_t most = goal->most ? goal->most : tri__certify_most(goal->digits),
           precision = tri__certify_first(goal->digits);
  if (precision > most) precision = most;
  for (;;) {
    size_t which = 0;
    *numbers = NULL;
    tri_status status = work(data, precision, numbers, error);
    uint64_t lack = status ? UINT64_MAX : worst(*numbers, wanted, &which);
    if (!status && (!lack || (precision >= most && good_enough(*numbers, wanted)))) return TRI_OK;
    tri_values_free(*numbers);
    *numbers = NULL;
    if (status && status != TRI_UNKNOWN) return status;
    if (precision >= most)
      return undecided(error, precision,
                       status && error ? error->message : "not enough digits are certain");
    precision = higher(precision, lack, most);
  }
}
