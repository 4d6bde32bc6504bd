/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* triad: derivatives. This header is all of the public interface that needs no GMP types. */
#ifndef TRIAD_H
#define TRIAD_H

#include <triad/base.h>
#include <triad/calculus.h>
#include <triad/eval.h>
#include <triad/graph.h>
#include <triad/io.h>
#include <triad/nn.h>
#include <triad/nn_gradcheck.h>
#include <triad/numbers.h>
#include <triad/pattern.h>
#include <triad/save.h>
#include <triad/sparse.h>
#include <triad/tape.h>
#include <triad/train.h>
#include <triad/verify.h>
#include <triad/version.h>

#endif
