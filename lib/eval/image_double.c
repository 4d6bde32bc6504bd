/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Kernels over images of doubles, for the instruction set that the flags name. */
#define REAL double
#define INTEGER int64_t
#define IMAGE_TABLE_OF_(set) tri__images_double_##set
#define IMAGE_TABLE_OF(set) IMAGE_TABLE_OF_(set)
#define IMAGE_TABLE IMAGE_TABLE_OF(LANE_ID)
#define IMAGE_SET_OF_(set) #set
#define IMAGE_SET_OF(set) IMAGE_SET_OF_(set)
#define IMAGE_SET IMAGE_SET_OF(LANE_ID)
#include "eval/image_kernels.h"
