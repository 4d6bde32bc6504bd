/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* The module of native code: programs compiled for this processor. No rounding is changed: there
 * are no fast-math flags and nothing is contracted. It links nothing of the library. */
#include "config.h"

#if HAVE_LLVM
#include "eval/native_emit.h"

#include <llvm-c/Error.h>
#include <llvm-c/LLJIT.h>
#include <llvm-c/Orc.h>
#include <llvm-c/Target.h>
#include <llvm-c/TargetMachine.h>
#include <llvm-c/Transforms/PassBuilder.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Operations up to which code is made with care, and with some; of vectors, which gain little by
 * it, up to which it is made with care. */
enum { SMALL = 6000, LARGE = 40000, VECTORS = 3000 };

struct native_machine {
  LLVMOrcLLJITRef jit;
};

static void say(char **why, const char *what, const char *more) {
  size_t size = strlen(what) + strlen(more) + 3;
  *why = malloc(size);
  if (*why) snprintf(*why, size, "%s%s%s", what, *more ? ": " : "", more);
}

/* True if there is no error; else it is said. */
static bool fine(LLVMErrorRef error, char **why) {
  if (!error) return true;
  char *message = LLVMGetErrorMessage(error);
  say(why, "LLVM", message);
  LLVMDisposeErrorMessage(message);
  return false;
}

static pthread_once_t targets_once = PTHREAD_ONCE_INIT;

static void open_targets(void) {
  LLVMInitializeNativeTarget();
  LLVMInitializeNativeAsmPrinter();
}

/* Operations, with a loop's counted for its vector body; large where no care is to be taken. */
static uint32_t size_of(const struct native_program *p) {
  uint64_t n = 0;
  for (uint32_t i = 0; i < p->region_count; i++)
    n += p->regions[i].count * (p->regions[i].loop ? 16u : 1u);
  if (p->width > 1 && n > VECTORS) return UINT32_MAX;
  return n < UINT32_MAX ? (uint32_t)n : UINT32_MAX;
}

/* The machine that this is. The larger the program, the less is done to make it fast: the time
 * to compile stays linear. */
static LLVMTargetMachineRef machine_of(uint32_t size, char **why) {
  LLVMTargetRef target;
  LLVMCodeGenOptLevel level = size <= SMALL   ? LLVMCodeGenLevelDefault
                              : size <= LARGE ? LLVMCodeGenLevelLess
                                              : LLVMCodeGenLevelNone;
  char *triple = LLVMGetDefaultTargetTriple(), *message = NULL;
  char *cpu = LLVMGetHostCPUName(), *features = LLVMGetHostCPUFeatures();
  LLVMTargetMachineRef machine = NULL;
  if (LLVMGetTargetFromTriple(triple, &target, &message))
    say(why, "LLVM", message);
  else
    machine = LLVMCreateTargetMachine(target, triple, cpu, features, level, LLVMRelocPIC,
                                      LLVMCodeModelSmall);
  if (!machine && !*why) say(why, "LLVM has no code for this machine", "");
  LLVMDisposeMessage(message);
  LLVMDisposeMessage(triple);
  LLVMDisposeMessage(cpu);
  LLVMDisposeMessage(features);
  return machine;
}

static bool simplify(LLVMModuleRef module, LLVMTargetMachineRef machine, uint32_t size,
                     char **why) {
  if (size > LARGE) return true;
  LLVMPassBuilderOptionsRef options = LLVMCreatePassBuilderOptions();
  LLVMErrorRef error =
      LLVMRunPasses(module, "function(early-cse,instcombine,early-cse)", machine, options);
  LLVMDisposePassBuilderOptions(options);
  return fine(error, why);
}

/* A just-in-time compiler for the machine, which it takes over. */
static LLVMOrcLLJITRef open_jit(LLVMTargetMachineRef machine, char **why) {
  LLVMOrcLLJITRef jit = NULL;
  LLVMOrcLLJITBuilderRef builder = LLVMOrcCreateLLJITBuilder();
  LLVMOrcLLJITBuilderSetJITTargetMachineBuilder(
      builder, LLVMOrcJITTargetMachineBuilderCreateFromTargetMachine(machine));
  if (!fine(LLVMOrcCreateLLJIT(&jit, builder), why)) return NULL;
  LLVMOrcDefinitionGeneratorRef process; /* what code generation may call: floor, memset */
  LLVMErrorRef error = LLVMOrcCreateDynamicLibrarySearchGeneratorForProcess(
      &process, LLVMOrcLLJITGetGlobalPrefix(jit), NULL, NULL);
  if (fine(error, why)) {
    LLVMOrcJITDylibAddGenerator(LLVMOrcLLJITGetMainJITDylib(jit), process);
    return jit;
  }
  LLVMConsumeError(LLVMOrcDisposeLLJIT(jit));
  return NULL;
}

/* The module, made in a context of its own that the compiler takes over; false if it fails. */
static bool add_code(LLVMOrcLLJITRef jit, const struct native_program *program,
                     LLVMTargetMachineRef machine, char **why) {
  LLVMOrcThreadSafeContextRef safe = LLVMOrcCreateNewThreadSafeContext();
  LLVMModuleRef module =
      LLVMModuleCreateWithNameInContext("triad", LLVMOrcThreadSafeContextGetContext(safe));
  LLVMSetTarget(module, LLVMOrcLLJITGetTripleString(jit));
  LLVMSetDataLayout(module, LLVMOrcLLJITGetDataLayoutStr(jit));
  bool ok = triad_native_emit(program, LLVMOrcThreadSafeContextGetContext(safe), module);
  if (!ok) say(why, "out of memory", "");
  ok = ok && simplify(module, machine, size_of(program), why);
  if (ok)
    ok = fine(LLVMOrcLLJITAddLLVMIRModule(jit, LLVMOrcLLJITGetMainJITDylib(jit),
                                          LLVMOrcCreateNewThreadSafeModule(module, safe)),
              why);
  else
    LLVMDisposeModule(module);
  LLVMOrcDisposeThreadSafeContext(safe);
  return ok;
}

static LLVMOrcLLJITRef compile_jit(const struct native_program *program, native_run **run,
                                   char **why) {
  pthread_once(&targets_once, open_targets);
  LLVMTargetMachineRef machine = machine_of(size_of(program), why);
  LLVMTargetMachineRef for_passes = machine ? machine_of(size_of(program), why) : NULL;
  LLVMOrcLLJITRef jit = for_passes ? open_jit(machine, why) : NULL;
  LLVMOrcJITTargetAddress address = 0;
  bool ok = jit && add_code(jit, program, for_passes, why) &&
            fine(LLVMOrcLLJITLookup(jit, &address, "run"), why);
  if (for_passes)
    LLVMDisposeTargetMachine(for_passes);
  else if (machine)
    LLVMDisposeTargetMachine(machine); /* else the compiler has it */
  *run = (native_run *)(uintptr_t)address;
  if (!ok && jit) LLVMConsumeError(LLVMOrcDisposeLLJIT(jit));
  return ok ? jit : NULL;
}

static void release(struct native_machine *m) {
  if (!m) return;
  LLVMConsumeError(LLVMOrcDisposeLLJIT(m->jit));
  free(m);
}

static struct native_machine *compile(const struct native_program *program, native_run **run,
                                      char **why) {
  struct native_machine *m = malloc(sizeof *m);
  *why = NULL;
  if (!m) {
    say(why, "out of memory", "");
    return NULL;
  }
  m->jit = compile_jit(program, run, why);
  if (m->jit) return m;
  free(m);
  return NULL;
}

static void say_free(char *why) { free(why); }

__attribute__((visibility("default"))) const struct native_module *triad_native_module(void);
const struct native_module *triad_native_module(void) {
  static const struct native_module module = {PACKAGE_VERSION, compile, release, say_free};
  return &module;
}
#endif
