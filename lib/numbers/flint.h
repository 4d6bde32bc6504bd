/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Balls from FLINT 3, or from Arb where FLINT is older; and what number libraries keep for a thread. */
#ifndef TRIAD_NUMBERS_FLINT_H
#define TRIAD_NUMBERS_FLINT_H

#include "config.h"

/* The libraries' own headers are not written for these warnings. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wconversion"
#pragma GCC diagnostic ignored "-Wsign-conversion"
#pragma GCC diagnostic ignored "-Wshadow"
#pragma GCC diagnostic ignored "-Wunused-parameter"
#include <mpfr.h>
#ifdef HAVE_FLINT_ARB_H
#include <flint/acb.h>
#include <flint/arb.h>
#include <flint/arb_hypgeom.h>
#include <flint/arb_poly.h>
#else
#include <acb.h>
#include <arb.h>
#include <arb_hypgeom.h>
#include <arb_poly.h>
#endif
#pragma GCC diagnostic pop

#include "numbers/domain.h"

/* Sees to it that this thread's caches of MPFR and FLINT are freed when it ends. */
void tri__thread_caches(void);

/* The polygamma function psi^(n)(x), n >= 0 an integer that is known exactly. */
void tri__ball_polygamma(arb_t to, const arb_t n, const arb_t x, slong precision);

/* The ball of a number of the ball domain that has a value, and the MPFR number of one of the MPFR domain. */
arb_srcptr tri__ball(const void *x);
mpfr_srcptr tri__real(const void *x);

#endif
