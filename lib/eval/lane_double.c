/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Lane kernels over doubles, for the instruction set that the flags name. */
#define REAL double
#define INTEGER int64_t
#define LANE_DOUBLES 1
#define LANE_TABLE_OF_(set) tri__lanes_double_##set
#define LANE_TABLE_OF(set) LANE_TABLE_OF_(set)
#define LANE_TABLE LANE_TABLE_OF(LANE_ID)
#define LANE_SET_OF_(set) #set
#define LANE_SET_OF(set) LANE_SET_OF_(set)
#define LANE_SET LANE_SET_OF(LANE_ID)
#include "eval/lane_kernels.h"
