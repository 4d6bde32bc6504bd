/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* For cppcheck, which reads no system header: that these types are arrays, so that to pass one is to pass a pointer to
 * what may be set there, and no use of an unset value. */
typedef struct { int any; } mpz_t[1], mpq_t[1], mpfr_t[1], arf_t[1], arb_t[1], acb_t[1], fmpq_t[1];
