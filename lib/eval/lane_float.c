/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Lane kernels over floats, for the instruction set that the flags name. */
#if defined(__GNUC__) && !defined(__clang__)
/* The rows' numbers are floats here: gcc sees that 1.0 is one, but not that -1.0 is. */
#pragma GCC optimize("single-precision-constant")
#endif
#define REAL float
#define INTEGER int32_t
#define LANE_DOUBLES 0
#define LANE_TABLE_OF_(set) tri__lanes_float_##set
#define LANE_TABLE_OF(set) LANE_TABLE_OF_(set)
#define LANE_TABLE LANE_TABLE_OF(LANE_ID)
#define LANE_SET_OF_(set) #set
#define LANE_SET_OF(set) LANE_SET_OF_(set)
#define LANE_SET LANE_SET_OF(LANE_ID)
#include "eval/lane_kernels.h"
