/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Bytes as numbers, by the best vector instructions that the processor has. */
#ifndef TRIAD_EVAL_BYTES_H
#define TRIAD_EVAL_BYTES_H

#include <stddef.h>

/* bytes[i] * scale + offset, i = 0 … count - 1, in floats and in doubles. */
void tri__floats_of_bytes(void *to, const void *bytes, size_t count, double scale, double offset);
void tri__doubles_of_bytes(void *to, const void *bytes, size_t count, double scale, double offset);

#endif
