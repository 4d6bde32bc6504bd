/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* A program's operations as LLVM's: one function for each region, and one that calls them. */
#include "config.h"

#if HAVE_LLVM
#include "eval/native_emit.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { WIDTH = NATIVE_WIDTH };

/* A module in the making. */
struct emitter {
  const struct native_program *program;
  LLVMContextRef context;
  LLVMModuleRef module;
  LLVMBuilderRef builder;
  LLVMTypeRef real, bit, i64, region_type;
  LLVMValueRef table;
  /* of the function under way */
  LLVMValueRef function, space[NATIVE_TABLE + 1], gradient;
  /* straight code: by operation, and in which region it was set */
  LLVMValueRef *value;
  uint32_t *set_in;
  uint32_t region;
  /* loops: by place in the loop */
  LLVMValueRef *lane;                 /* result of each group in this iteration */
  LLVMValueRef *sum;                  /* of each chain so far */
  LLVMValueRef (*splat)[NATIVE_ARGS]; /* operands that are the same for all instances */
  uint32_t *lane_of;                  /* by group: its place in the loop */
  LLVMValueRef bad;                   /* something that was stored is NaN */
  unsigned width;
  /* bodies */
  LLVMValueRef *array;        /* by array: where it is, as set in a region */
  uint32_t *array_set;        /* in which */
  LLVMValueRef *second;       /* by operation: its second result */
  LLVMValueRef room[4], some; /* for what vector functions read and write; lanes that count */
  unsigned invariant;         /* a kind of metadata */
};

/* --- operations on numbers, or on vectors of them */

static LLVMTypeRef type_of(const struct emitter *e, LLVMTypeRef element) {
  return e->width == 1 ? element : LLVMVectorType(element, e->width);
}

static LLVMValueRef number(const struct emitter *e, double x) {
  LLVMValueRef c = LLVMConstReal(e->real, x), lanes[WIDTH];
  if (e->width == 1) return c;
  for (unsigned i = 0; i < e->width; i++) lanes[i] = c;
  return LLVMConstVector(lanes, e->width);
}

static LLVMValueRef integer(const struct emitter *e, int64_t i) {
  return LLVMConstInt(e->i64, (unsigned long long)i, 1);
}

static bool is_bit(const struct emitter *e, LLVMValueRef x) {
  return LLVMTypeOf(x) == type_of(e, e->bit);
}

/* Conditions stay bits until a number is asked for. */
static LLVMValueRef as_real(const struct emitter *e, LLVMValueRef x) {
  return is_bit(e, x) ? LLVMBuildUIToFP(e->builder, x, type_of(e, e->real), "") : x;
}

static LLVMValueRef as_bit(const struct emitter *e, LLVMValueRef x) {
  return is_bit(e, x) ? x : LLVMBuildFCmp(e->builder, LLVMRealUNE, x, number(e, 0.0), "");
}

static LLVMValueRef intrinsic(struct emitter *e, const char *name, LLVMValueRef x) {
  LLVMTypeRef type = type_of(e, e->real);
  unsigned id = LLVMLookupIntrinsicID(name, strlen(name));
  LLVMValueRef f = LLVMGetIntrinsicDeclaration(e->module, id, &type, 1);
  return LLVMBuildCall2(e->builder, LLVMIntrinsicGetType(e->context, id, &type, 1), f, &x, 1, "");
}

static LLVMValueRef compare(struct emitter *e, LLVMRealPredicate how, const LLVMValueRef *x) {
  return LLVMBuildFCmp(e->builder, how, as_real(e, x[0]), as_real(e, x[1]), "");
}

static LLVMValueRef choose(struct emitter *e, const LLVMValueRef *x) {
  return LLVMBuildSelect(e->builder, as_bit(e, x[0]), as_real(e, x[1]), as_real(e, x[2]), "");
}

static LLVMValueRef call_one(struct emitter *e, uint8_t code, void (*address)(void),
                             LLVMValueRef *x, unsigned n) {
  LLVMTypeRef types[NATIVE_ARGS] = {e->real, e->real, e->real, e->real};
  bool predicate = code == NATIVE_PREDICATE;
  LLVMTypeRef type = LLVMFunctionType(predicate ? e->bit : e->real, types, n, 0);
  LLVMValueRef at = LLVMConstInt(e->i64, (uintptr_t)address, 0);
  LLVMValueRef f = LLVMConstIntToPtr(at, LLVMPointerType(type, 0));
  LLVMValueRef r = LLVMBuildCall2(e->builder, type, f, x, n, "");
  if (predicate) /* C's bool is 0 or 1 in a byte */
    LLVMAddCallSiteAttribute(
        r, LLVMAttributeReturnIndex,
        LLVMCreateEnumAttribute(e->context, LLVMGetEnumAttributeKindForName("zeroext", 7), 0));
  return r;
}

/* A call of C for every lane. */
static LLVMValueRef call(struct emitter *e, uint8_t code, void (*address)(void),
                         const LLVMValueRef *x, unsigned n) {
  LLVMTypeRef i32 = LLVMInt32TypeInContext(e->context);
  LLVMValueRef one[NATIVE_ARGS] = {NULL}, result;
  unsigned width = e->width;
  for (unsigned k = 0; k < n; k++) one[k] = as_real(e, x[k]);
  if (width == 1) return call_one(e, code, address, one, n);
  result = LLVMGetUndef(type_of(e, code == NATIVE_PREDICATE ? e->bit : e->real));
  for (unsigned i = 0; i < width; i++) {
    LLVMValueRef at = LLVMConstInt(i32, i, 0), part[NATIVE_ARGS] = {NULL};
    for (unsigned k = 0; k < n; k++) part[k] = LLVMBuildExtractElement(e->builder, one[k], at, "");
    LLVMValueRef r = call_one(e, code, address, part, n);
    result = LLVMBuildInsertElement(e->builder, result, r, at, "");
  }
  return result;
}

static LLVMValueRef operation(struct emitter *e, uint8_t code, void (*address)(void),
                              const LLVMValueRef *x, unsigned n) {
  LLVMBuilderRef b = e->builder;
  switch (code) {
  case NATIVE_ADD: return LLVMBuildFAdd(b, as_real(e, x[0]), as_real(e, x[1]), "");
  case NATIVE_SUB: return LLVMBuildFSub(b, as_real(e, x[0]), as_real(e, x[1]), "");
  case NATIVE_MUL: return LLVMBuildFMul(b, as_real(e, x[0]), as_real(e, x[1]), "");
  case NATIVE_DIV: return LLVMBuildFDiv(b, as_real(e, x[0]), as_real(e, x[1]), "");
  case NATIVE_NEG: return LLVMBuildFNeg(b, as_real(e, x[0]), "");
  case NATIVE_SQRT: return intrinsic(e, "llvm.sqrt", as_real(e, x[0]));
  case NATIVE_FLOOR: return intrinsic(e, "llvm.floor", as_real(e, x[0]));
  case NATIVE_CEIL: return intrinsic(e, "llvm.ceil", as_real(e, x[0]));
  case NATIVE_LT: return compare(e, LLVMRealOLT, x);
  case NATIVE_LE: return compare(e, LLVMRealOLE, x);
  case NATIVE_GT: return compare(e, LLVMRealOGT, x);
  case NATIVE_GE: return compare(e, LLVMRealOGE, x);
  case NATIVE_EQ: return compare(e, LLVMRealOEQ, x);
  case NATIVE_NE: return compare(e, LLVMRealUNE, x);
  case NATIVE_UNORDERED: return compare(e, LLVMRealUNO, x);
  case NATIVE_AND: return LLVMBuildAnd(b, as_bit(e, x[0]), as_bit(e, x[1]), "");
  case NATIVE_OR: return LLVMBuildOr(b, as_bit(e, x[0]), as_bit(e, x[1]), "");
  case NATIVE_NOT: return LLVMBuildNot(b, as_bit(e, x[0]), "");
  case NATIVE_SELECT: return choose(e, x);
  default: return call(e, code, address, x, n);
  }
}

/* --- memory */

static LLVMValueRef pointer(struct emitter *e, LLVMValueRef base, LLVMValueRef index) {
  LLVMValueRef at = LLVMBuildInBoundsGEP2(e->builder, e->real, base, &index, 1, "");
  return LLVMBuildBitCast(e->builder, at, LLVMPointerType(type_of(e, e->real), 0), "");
}

static LLVMValueRef load(struct emitter *e, LLVMValueRef base, LLVMValueRef index) {
  LLVMValueRef x = LLVMBuildLoad2(e->builder, type_of(e, e->real), pointer(e, base, index), "");
  LLVMSetAlignment(x, sizeof(double));
  return x;
}

static void store(struct emitter *e, LLVMValueRef x, LLVMValueRef base, LLVMValueRef index) {
  LLVMSetAlignment(LLVMBuildStore(e->builder, x, pointer(e, base, index)), sizeof(double));
}

static LLVMValueRef reversed(struct emitter *e, LLVMValueRef x) {
  LLVMTypeRef i32 = LLVMInt32TypeInContext(e->context);
  LLVMValueRef order[WIDTH];
  for (unsigned i = 0; i < e->width; i++) order[i] = LLVMConstInt(i32, e->width - 1 - i, 0);
  return LLVMBuildShuffleVector(e->builder, x, LLVMGetUndef(LLVMTypeOf(x)),
                                LLVMConstVector(order, e->width), "");
}

/* first + stride * (i + lane) */
static LLVMValueRef index_of(struct emitter *e, int64_t first, int64_t stride, LLVMValueRef i,
                             unsigned lane) {
  LLVMValueRef at = LLVMBuildMul(e->builder, i, integer(e, stride), "");
  return LLVMBuildAdd(e->builder, at, integer(e, first + stride * (int64_t)lane), "");
}

static LLVMValueRef load_scalar(struct emitter *e, LLVMValueRef base, LLVMValueRef index) {
  unsigned width = e->width;
  e->width = 1;
  LLVMValueRef x = load(e, base, index);
  e->width = width;
  return x;
}

static void store_scalar(struct emitter *e, LLVMValueRef x, LLVMValueRef base, LLVMValueRef index) {
  unsigned width = e->width;
  e->width = 1;
  store(e, x, base, index);
  e->width = width;
}

/* Numbers of a group's instances i … i + width - 1. */
static LLVMValueRef load_steps(struct emitter *e, LLVMValueRef base, int64_t first, int64_t stride,
                               LLVMValueRef i) {
  LLVMTypeRef i32 = LLVMInt32TypeInContext(e->context);
  if (e->width == 1 || stride == 1) return load(e, base, index_of(e, first, stride, i, 0));
  if (stride == -1) return reversed(e, load(e, base, index_of(e, first, stride, i, e->width - 1)));
  LLVMValueRef x = LLVMGetUndef(type_of(e, e->real));
  for (unsigned k = 0; k < e->width; k++) {
    LLVMValueRef one = load_scalar(e, base, index_of(e, first, stride, i, k));
    x = LLVMBuildInsertElement(e->builder, x, one, LLVMConstInt(i32, k, 0), "");
  }
  return x;
}

static void store_steps(struct emitter *e, LLVMValueRef x, LLVMValueRef base, int64_t first,
                        int64_t stride, LLVMValueRef i) {
  LLVMTypeRef i32 = LLVMInt32TypeInContext(e->context);
  if (e->width == 1 || stride == 1) {
    store(e, x, base, index_of(e, first, stride, i, 0));
  } else if (stride == -1) {
    store(e, reversed(e, x), base, index_of(e, first, stride, i, e->width - 1));
  } else {
    for (unsigned k = 0; k < e->width; k++)
      store_scalar(e, LLVMBuildExtractElement(e->builder, x, LLVMConstInt(i32, k, 0), ""), base,
                   index_of(e, first, stride, i, k));
  }
}

/* --- bodies: numbers in arrays of the call */

/* Nothing that a body reads in its inputs changes while it runs. */
static LLVMValueRef unchanging(struct emitter *e, LLVMValueRef x) {
  LLVMSetMetadata(x, e->invariant,
                  LLVMMetadataAsValue(e->context, LLVMMDNodeInContext2(e->context, NULL, 0)));
  return x;
}

static LLVMValueRef array_at(struct emitter *e, uint32_t i) {
  LLVMTypeRef type = LLVMPointerType(e->real, 0);
  if (e->array_set[i] == e->region) return e->array[i];
  LLVMValueRef arrays =
      LLVMBuildBitCast(e->builder, e->space[NATIVE_IN], LLVMPointerType(type, 0), "");
  LLVMValueRef index = integer(e, i);
  LLVMValueRef at = LLVMBuildInBoundsGEP2(e->builder, type, arrays, &index, 1, "");
  e->array_set[i] = e->region;
  return e->array[i] = unchanging(e, LLVMBuildLoad2(e->builder, type, at, ""));
}

static LLVMValueRef spread(struct emitter *e, LLVMValueRef x);

static LLVMValueRef load_port(struct emitter *e, uint32_t i) {
  const struct native_port *p = e->program->ports + i;
  LLVMValueRef base = array_at(e, p->array);
  if (p->varies) return unchanging(e, load(e, base, integer(e, (int64_t)p->element * e->width)));
  return spread(e, unchanging(e, load_scalar(e, base, integer(e, p->element))));
}

/* The lanes whose weight is not 0. */
static LLVMValueRef some_lanes(struct emitter *e) {
  if (e->some) return e->some;
  LLVMValueRef weights = load(e, e->space[NATIVE_WEIGHTS], integer(e, 0));
  return e->some = as_bit(e, weights);
}

static void put_port(struct emitter *e, const struct native_op *op, LLVMValueRef x) {
  assert(e->program->ports);
  const struct native_port *p = e->program->ports + op->index;
  LLVMValueRef base = array_at(e, p->array), at = integer(e, (int64_t)p->element * e->width);
  if (op->code == NATIVE_SUM_SOME)
    x = LLVMBuildSelect(e->builder, some_lanes(e), x, number(e, 0.0), "");
  if (op->code != NATIVE_PUT) x = LLVMBuildFAdd(e->builder, load(e, base, at), x, "");
  store(e, x, base, at);
}

/* A function over vectors in memory. */
static LLVMValueRef vector_call(struct emitter *e, const struct native_op *op,
                                const LLVMValueRef *x, LLVMValueRef *second) {
  LLVMTypeRef array = LLVMPointerType(e->real, 0), arrays[] = {array, array, array, array};
  LLVMTypeRef type = LLVMFunctionType(LLVMVoidTypeInContext(e->context), arrays, 4, 0);
  LLVMValueRef function = LLVMConstInt(e->i64, (uintptr_t)op->address, 0);
  function = LLVMConstIntToPtr(function, LLVMPointerType(type, 0));
  for (unsigned k = 0; k < op->nargs; k++)
    store(e, as_real(e, x[k]), e->room[k + 1], integer(e, 0));
  LLVMBuildCall2(e->builder, type, function, e->room, 4, "");
  if (op->index) *second = load(e, e->room[3], integer(e, 0));
  return load(e, e->room[0], integer(e, 0));
}

/* Room on the stack, if a body is of vectors. */
static void make_room(struct emitter *e) {
  LLVMTypeRef type = LLVMVectorType(e->real, WIDTH);
  for (int i = 0; i < 4 && e->program->width > 1; i++) {
    LLVMValueRef at = LLVMBuildAlloca(e->builder, type, "");
    e->room[i] = LLVMBuildBitCast(e->builder, at, LLVMPointerType(e->real, 0), "");
  }
}

/* --- functions */

static void no_alias(struct emitter *e, unsigned parameter) {
  unsigned kind = LLVMGetEnumAttributeKindForName("noalias", 7);
  LLVMAddAttributeAtIndex(e->function, parameter + 1, LLVMCreateEnumAttribute(e->context, kind, 0));
}

static LLVMBasicBlockRef new_block(struct emitter *e) {
  return LLVMAppendBasicBlockInContext(e->context, e->function, "");
}

/* int32_t name(in, weights, work, gradient), to be filled. */
static void begin_function(struct emitter *e, const char *name) {
  e->function = LLVMAddFunction(e->module, name, e->region_type);
  for (unsigned i = 0; i < 4; i++) no_alias(e, i);
  for (unsigned i = NATIVE_IN; i <= NATIVE_WORK; i++) e->space[i] = LLVMGetParam(e->function, i);
  e->gradient = LLVMGetParam(e->function, NATIVE_WORK + 1);
  e->space[NATIVE_TABLE] = e->table;
  LLVMPositionBuilderAtEnd(e->builder, new_block(e));
  e->width = 1;
  e->bad = LLVMConstInt(e->bit, 0, 0);
  e->some = NULL;
}

/* Returns whether a number that was stored is NaN; not as a bit, which LLVM's quick selection of
 * instructions does not know. */
static void end_function(struct emitter *e) {
  LLVMBuildRet(e->builder,
               LLVMBuildZExt(e->builder, e->bad, LLVMInt32TypeInContext(e->context), ""));
}

static void region_name(char name[24], uint32_t i) { snprintf(name, 24, "region%u", (unsigned)i); }

/* --- straight code */

static LLVMValueRef value_of(struct emitter *e, uint32_t v) {
  const struct native_op *op = e->program->ops + v;
  if (e->set_in[v] == e->region) return e->value[v];
  LLVMValueRef x;
  switch (op->code) {
  case NATIVE_CONSTANT: x = number(e, op->constant); break;
  case NATIVE_INPUT:
    x = e->program->ports ? load_port(e, op->index)
                          : load(e, e->space[NATIVE_IN], integer(e, op->index));
    break;
  case NATIVE_WEIGHT: x = load(e, e->space[NATIVE_WEIGHTS], integer(e, op->index)); break;
  default: x = load(e, e->space[NATIVE_WORK], integer(e, (int64_t)e->program->place[v] * e->width));
  }
  e->set_in[v] = e->region;
  return e->value[v] = x;
}

/* What is stored as 0.0 + x is never -0; whether it is NaN is noted. */
static LLVMValueRef checked(struct emitter *e, LLVMValueRef x) {
  LLVMValueRef sum = LLVMBuildFAdd(e->builder, as_real(e, x), number(e, 0.0), "");
  LLVMValueRef nan = LLVMBuildFCmp(e->builder, LLVMRealUNO, sum, sum, "");
  e->bad = LLVMBuildOr(e->builder, e->bad, nan, "");
  return sum;
}

/* The second result of another operation; that is carried out again where it is of another piece
 * of the code. */
static LLVMValueRef second_of(struct emitter *e, const struct native_op *op, LLVMValueRef x) {
  const struct native_op *first = e->program->ops + op->arg[1];
  LLVMValueRef second = e->second[op->arg[1]];
  if (!second || e->set_in[op->arg[1]] != e->region ||
      LLVMGetBasicBlockParent(LLVMGetInstructionParent(second)) != e->function)
    vector_call(e, first, &x, &second);
  return second;
}

static LLVMValueRef straight_value(struct emitter *e, uint32_t v, const LLVMValueRef *x) {
  const struct native_op *op = e->program->ops + v;
  switch (op->code) {
  case NATIVE_VECTOR: return vector_call(e, op, x, e->second + v);
  case NATIVE_SECOND: return second_of(e, op, x[0]);
  default: return operation(e, op->code, op->address, x, op->nargs);
  }
}

static void straight_op(struct emitter *e, uint32_t v) {
  const struct native_op *op = e->program->ops + v;
  LLVMValueRef x[NATIVE_ARGS] = {NULL};
  for (unsigned k = 0; k < op->nargs; k++) x[k] = value_of(e, op->arg[k]);
  if (op->code == NATIVE_STORE) {
    store(e, checked(e, x[0]), e->gradient, integer(e, op->index));
  } else if (op->code > NATIVE_STORE) {
    put_port(e, op, as_real(e, x[0]));
  } else {
    e->value[v] = straight_value(e, v, x);
    e->set_in[v] = e->region;
    if (e->program->place[v] != NATIVE_NONE)
      store(e, as_real(e, e->value[v]), e->space[NATIVE_WORK],
            integer(e, (int64_t)e->program->place[v] * e->width));
  }
}

static void straight_region(struct emitter *e, const struct native_region *r) {
  if (e->program->ports) make_room(e);
  if (e->program->ports) e->width = e->program->width;
  for (uint32_t i = 0; i < r->count; i++) straight_op(e, e->program->order[r->first + i]);
  e->width = 1;
  end_function(e);
}

/* --- loops */

static const struct native_group *group_at(const struct emitter *e, const struct native_region *r,
                                           uint32_t place) {
  return e->program->groups + e->program->loops[r->first + place];
}

/* The operands that are the same for all instances, as numbers. */
static void load_fixed(struct emitter *e, const struct native_region *r) {
  for (uint32_t i = 0; i < r->count; i++) {
    const struct native_group *g = group_at(e, r, i);
    for (unsigned k = 0; k < NATIVE_ARGS; k++) {
      const struct native_operand *x = &g->operand[k];
      e->splat[i][k] = NULL;
      if (x->kind == NATIVE_FIXED)
        e->splat[i][k] = number(e, x->constant);
      else if (x->kind == NATIVE_MEMORY && x->stride == 0 && k < (g->is_chain ? 2u : g->nargs))
        e->splat[i][k] = load(e, e->space[x->space], integer(e, x->first));
    }
    if (g->is_chain) e->sum[i] = e->splat[i][1];
  }
}

static LLVMValueRef spread(struct emitter *e, LLVMValueRef x) {
  LLVMTypeRef i32 = LLVMInt32TypeInContext(e->context);
  if (e->width == 1) return x;
  LLVMValueRef v = LLVMGetUndef(type_of(e, e->real));
  v = LLVMBuildInsertElement(e->builder, v, x, LLVMConstInt(i32, 0, 0), "");
  return LLVMBuildShuffleVector(e->builder, v, LLVMGetUndef(LLVMTypeOf(v)),
                                LLVMConstNull(LLVMVectorType(i32, e->width)), "");
}

static LLVMValueRef operand(struct emitter *e, uint32_t place, const struct native_group *g,
                            unsigned k, LLVMValueRef i) {
  const struct native_operand *x = &g->operand[k];
  if (x->kind == NATIVE_LANE) return e->lane[e->lane_of[x->from]];
  if (e->splat[place][k]) return spread(e, e->splat[place][k]);
  return load_steps(e, e->space[x->space], x->first, x->stride, i);
}

/* The instances of a chain, one after the other. */
static void chain_group(struct emitter *e, uint32_t place, const struct native_group *g,
                        LLVMValueRef i) {
  const struct native_operand *x = &g->operand[0];
  LLVMTypeRef i32 = LLVMInt32TypeInContext(e->context);
  LLVMValueRef sum = e->sum[place], vector = NULL;
  unsigned width = e->width;
  if (x->kind == NATIVE_LANE) vector = as_real(e, e->lane[e->lane_of[x->from]]);
  e->width = 1;
  for (unsigned k = 0; k < width; k++) {
    LLVMValueRef next = e->splat[place][0];
    if (vector)
      next = width == 1 ? vector
                        : LLVMBuildExtractElement(e->builder, vector, LLVMConstInt(i32, k, 0), "");
    else if (!next)
      next = load(e, e->space[x->space], index_of(e, x->first, x->stride, i, k));
    sum = operation(e, g->code, NULL, (LLVMValueRef[NATIVE_ARGS]){sum, next}, 2);
    if (g->stored) store(e, sum, e->space[NATIVE_WORK], index_of(e, g->place, 1, i, k));
  }
  e->width = width;
  e->sum[place] = sum;
}

static void group(struct emitter *e, uint32_t place, const struct native_group *g, LLVMValueRef i) {
  LLVMValueRef x[NATIVE_ARGS] = {NULL};
  for (unsigned k = 0; k < g->nargs; k++) x[k] = operand(e, place, g, k, i);
  if (g->code == NATIVE_STORE) {
    store_steps(e, checked(e, x[0]), e->gradient, g->place, g->stride, i);
    return;
  }
  e->lane[place] = operation(e, g->code, g->address, x, g->nargs);
  if (g->stored) store_steps(e, as_real(e, e->lane[place]), e->space[NATIVE_WORK], g->place, 1, i);
}

/* A loop in the making: instances from … to - 1, a multiple of the width, of the groups that
 * have so many. */
struct turns {
  const struct native_region *region;
  int64_t to;
  LLVMBasicBlockRef body, behind;
  LLVMValueRef i, bad, was_bad;
  LLVMValueRef chain[NATIVE_LOOP_GROUPS]; /* what each chain has come to, by place */
};

/* The group at a place, if it has instances in these turns. */
static const struct native_group *turning(const struct emitter *e, const struct turns *t,
                                          uint32_t place) {
  const struct native_group *g = group_at(e, t->region, place);
  return g->n >= t->to ? g : NULL;
}

static LLVMValueRef phi(struct emitter *e, LLVMTypeRef type, LLVMValueRef first,
                        LLVMBasicBlockRef before) {
  LLVMValueRef x = LLVMBuildPhi(e->builder, type, "");
  LLVMAddIncoming(x, &first, &before, 1);
  return x;
}

static void begin_turns(struct emitter *e, struct turns *t, int64_t from) {
  LLVMBasicBlockRef before = LLVMGetInsertBlock(e->builder);
  t->body = new_block(e);
  t->behind = new_block(e);
  t->was_bad = e->bad;
  LLVMBuildBr(e->builder, t->body);
  LLVMPositionBuilderAtEnd(e->builder, t->body);
  LLVMTypeRef bits = type_of(e, e->bit);
  t->i = phi(e, e->i64, integer(e, from), before);
  t->bad = e->bad = phi(e, bits, LLVMConstNull(bits), before);
  for (uint32_t k = 0; k < t->region->count; k++) {
    const struct native_group *g = turning(e, t, k);
    if (g && g->is_chain) e->sum[k] = t->chain[k] = phi(e, e->real, e->sum[k], before);
  }
}

static LLVMValueRef any_bit(struct emitter *e, LLVMValueRef x) {
  if (e->width == 1) return x;
  LLVMTypeRef bits = LLVMIntTypeInContext(e->context, e->width);
  LLVMValueRef mask = LLVMBuildBitCast(e->builder, x, bits, "");
  return LLVMBuildICmp(e->builder, LLVMIntNE, mask, LLVMConstNull(bits), "");
}

static void end_turns(struct emitter *e, struct turns *t) {
  LLVMBasicBlockRef end = LLVMGetInsertBlock(e->builder);
  LLVMValueRef next = LLVMBuildAdd(e->builder, t->i, integer(e, e->width), "");
  LLVMValueRef more = LLVMBuildICmp(e->builder, LLVMIntSLT, next, integer(e, t->to), "");
  LLVMAddIncoming(t->i, &next, &end, 1);
  LLVMAddIncoming(t->bad, &e->bad, &end, 1);
  for (uint32_t k = 0; k < t->region->count; k++) {
    const struct native_group *g = turning(e, t, k);
    if (g && g->is_chain) LLVMAddIncoming(t->chain[k], &e->sum[k], &end, 1);
  }
  LLVMBuildCondBr(e->builder, more, t->body, t->behind);
  LLVMPositionBuilderAtEnd(e->builder, t->behind);
  e->bad = LLVMBuildOr(e->builder, t->was_bad, any_bit(e, e->bad), "");
  e->width = 1;
}

static void turns(struct emitter *e, const struct native_region *r, int64_t from, int64_t to,
                  unsigned width) {
  struct turns t = {.region = r, .to = to};
  if (from == to) return;
  e->width = width;
  begin_turns(e, &t, from);
  for (uint32_t k = 0; k < r->count; k++) {
    const struct native_group *g = turning(e, &t, k);
    if (g && g->is_chain)
      chain_group(e, k, g, t.i);
    else if (g)
      group(e, k, g, t.i);
  }
  end_turns(e, &t);
}

/* The least number of instances above `above` that a group of the loop has; 0 if there is none. */
static uint32_t next_size(const struct emitter *e, const struct native_region *r, uint32_t above) {
  uint32_t least = 0;
  for (uint32_t k = 0; k < r->count; k++) {
    uint32_t n = group_at(e, r, k)->n;
    if (n > above && (!least || n < least)) least = n;
  }
  return least;
}

/* Half the width beside chains: where there are instructions of 512 bits, additions of single
 * numbers wait for the ports that those take. */
static unsigned width_of(const struct emitter *e, const struct native_region *r) {
  for (uint32_t k = 0; k < r->count; k++)
    if (group_at(e, r, k)->is_chain) return WIDTH / 2;
  return WIDTH;
}

/* As many instances at once as go, the others one by one; first those that all groups have. */
static void loop_region(struct emitter *e, const struct native_region *r) {
  unsigned width = width_of(e, r);
  uint32_t from = 0, to;
  for (uint32_t k = 0; k < r->count; k++) e->lane_of[e->program->loops[r->first + k]] = k;
  load_fixed(e, r);
  for (; (to = next_size(e, r, from)); from = to) {
    uint32_t blocks = from + (to - from) / width * width;
    turns(e, r, from, blocks, width);
    turns(e, r, blocks, to, 1);
  }
  for (uint32_t k = 0; k < r->count; k++) {
    const struct native_group *g = group_at(e, r, k);
    if (g->ends && !g->stored)
      store(e, e->sum[k], e->space[NATIVE_WORK], integer(e, g->place + g->n - 1));
  }
  end_function(e);
}

/* --- the module */

static void emit_table(struct emitter *e) {
  uint32_t n = e->program->table_count;
  if (!n) return;
  LLVMValueRef *x = malloc(n * sizeof *x);
  LLVMTypeRef type = LLVMArrayType(e->real, n);
  if (!x) return;
  for (uint32_t i = 0; i < n; i++) x[i] = LLVMConstReal(e->real, e->program->table[i]);
  LLVMValueRef global = LLVMAddGlobal(e->module, type, "table");
  LLVMSetInitializer(global, LLVMConstArray(e->real, x, n));
  LLVMSetGlobalConstant(global, 1);
  LLVMSetLinkage(global, LLVMPrivateLinkage);
  LLVMSetAlignment(global, WIDTH * sizeof(double));
  e->table = LLVMConstBitCast(global, LLVMPointerType(e->real, 0));
  free(x);
}

static void emit_region(struct emitter *e, uint32_t i) {
  char name[24];
  region_name(name, i);
  begin_function(e, name);
  LLVMSetLinkage(e->function, LLVMInternalLinkage);
  e->region = i;
  if (e->program->regions[i].loop)
    loop_region(e, e->program->regions + i);
  else
    straight_region(e, e->program->regions + i);
}

/* Calls every region. */
static void emit_run(struct emitter *e) {
  begin_function(e, "run");
  LLVMValueRef any = LLVMConstNull(LLVMInt32TypeInContext(e->context));
  for (uint32_t i = 0; i < e->program->region_count; i++) {
    char name[24];
    region_name(name, i);
    LLVMValueRef x[] = {e->space[NATIVE_IN], e->space[NATIVE_WEIGHTS], e->space[NATIVE_WORK],
                        e->gradient};
    LLVMValueRef f = LLVMGetNamedFunction(e->module, name);
    LLVMValueRef bad = LLVMBuildCall2(e->builder, e->region_type, f, x, 4, "");
    any = LLVMBuildOr(e->builder, any, bad, "");
  }
  LLVMBuildRet(e->builder, any);
}

static bool open_emitter(struct emitter *e) {
  const struct native_program *p = e->program;
  e->real = LLVMDoubleTypeInContext(e->context);
  e->bit = LLVMInt1TypeInContext(e->context);
  e->i64 = LLVMInt64TypeInContext(e->context);
  LLVMTypeRef array = LLVMPointerType(e->real, 0), arrays[] = {array, array, array, array};
  e->region_type = LLVMFunctionType(LLVMInt32TypeInContext(e->context), arrays, 4, 0);
  e->builder = LLVMCreateBuilderInContext(e->context);
  e->value = malloc(((size_t)p->op_count + 1) * sizeof *e->value);
  e->set_in = malloc(((size_t)p->op_count + 1) * sizeof *e->set_in);
  e->lane_of = malloc(((size_t)p->group_count + 1) * sizeof *e->lane_of);
  e->lane = calloc((size_t)p->group_count + 1, sizeof *e->lane);
  e->sum = calloc((size_t)p->group_count + 1, sizeof *e->sum);
  e->splat = calloc((size_t)p->group_count + 1, sizeof *e->splat);
  e->array = calloc((size_t)p->array_count + 1, sizeof *e->array);
  e->array_set = malloc(((size_t)p->array_count + 1) * sizeof *e->array_set);
  e->second = calloc((size_t)p->op_count + 1, sizeof *e->second);
  e->invariant = LLVMGetMDKindIDInContext(e->context, "invariant.load", 14);
  if (e->set_in) memset(e->set_in, 0xff, ((size_t)p->op_count + 1) * sizeof *e->set_in);
  if (e->array_set) memset(e->array_set, 0xff, ((size_t)p->array_count + 1) * sizeof *e->array_set);
  emit_table(e);
  return e->value && e->set_in && e->lane_of && e->lane && e->sum && e->splat && e->array &&
         e->array_set && e->second && (e->table || !p->table_count);
}

static void close_emitter(struct emitter *e) {
  LLVMDisposeBuilder(e->builder);
  free(e->value);
  free(e->set_in);
  free(e->lane_of);
  free(e->lane);
  free(e->sum);
  free(e->splat);
  free(e->array);
  free(e->array_set);
  free(e->second);
}

bool triad_native_emit(const struct native_program *program, LLVMContextRef context,
                       LLVMModuleRef module) {
  struct emitter e = {.program = program, .context = context, .module = module};
  bool ok = open_emitter(&e);
  for (uint32_t i = 0; ok && i < program->region_count; i++) emit_region(&e, i);
  if (ok) emit_run(&e);
  close_emitter(&e);
  return ok;
}
#endif
