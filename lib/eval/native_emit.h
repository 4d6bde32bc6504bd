/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* What the two files of the module share. */
#ifndef TRIAD_EVAL_NATIVE_EMIT_H
#define TRIAD_EVAL_NATIVE_EMIT_H

#include <llvm-c/Core.h>

#include "eval/native.h"

/* Fills a module with a program's functions; "run" is the one to call. False when out of memory. */
bool triad_native_emit(const struct native_program *program, LLVMContextRef context,
                       LLVMModuleRef module);

#endif
