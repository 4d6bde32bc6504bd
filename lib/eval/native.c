/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Calls by native code: when a function has it, and the module that makes it. Code is made at
 * the first call of each kind, by one thread; others interpret meanwhile, which gives the same
 * results bit for bit. */
#include "config.h" /* before system headers: dladdr is beyond POSIX */

#include "eval/native_calls.h"

#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <triad/version.h>

#include "eval/native_loops.h"

#if HAVE_DLOPEN
#include <dlfcn.h>
#endif

enum { WHY_SIZE = 200, PATH_SIZE = 4096 };

struct native {
  struct memory memory;
  char *path;              /* of the module, NULL: where it was installed */
  tri_native_cache *cache; /* or NULL */
  pthread_mutex_t lock;
  _Atomic(struct native_compiled *) code[NATIVE_KINDS];
  struct native_loop *loops; /* code that was made for them */
  atomic_int failed;         /* why is set, and nothing will be compiled any more */
  char why[WHY_SIZE];
};

/* --- the module */

#if HAVE_DLOPEN && HAVE_LLVM
/* The module stays open: LLVM cannot be unloaded. */
static void *open_path(const char *path) {
  return dlopen(path, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
}

/* The module beside the library, where both were moved after they were installed. A path that is
 * relative would depend on where the program runs. */
static void *open_beside(void) {
  static const char self;
  char path[PATH_SIZE];
  Dl_info info;
  if (!dladdr(&self, &info) || !info.dli_fname || info.dli_fname[0] != '/') return NULL;
  int folder = (int)(strrchr(info.dli_fname, '/') - info.dli_fname);
  int size = snprintf(path, PATH_SIZE, "%.*s/%s/triad-native.so", folder, info.dli_fname, PACKAGE);
  return size < PATH_SIZE ? open_path(path) : NULL;
}

static const struct native_module *open_module(const char *path, char why[WHY_SIZE]) {
  void *handle = open_path(path ? path : NATIVE_MODULE);
  const char *message = handle ? NULL : dlerror();
  if (!handle) {
    snprintf(why, WHY_SIZE, "%s", message ? message : "the module of native code does not open");
    handle = path ? NULL : open_beside();
    if (!handle) return NULL;
  }
  void *symbol = dlsym(handle, "triad_native_module");
  native_module_of *of;
  memcpy(&of, &symbol, sizeof of); /* as POSIX has it */
  const struct native_module *module = symbol ? of() : NULL;
  dlclose(handle);
  if (module && strcmp(module->version, TRI_VERSION) == 0) return module;
  snprintf(why, WHY_SIZE, "the module of native code is not of triad %s", TRI_VERSION);
  return NULL;
}
#else
static const struct native_module *open_module(const char *path, char why[WHY_SIZE]) {
  (void)path;
  snprintf(why, WHY_SIZE, "triad was built without native code");
  return NULL;
}
#endif

/* --- code */

/* Makes machine code of what is drafted; NULL, with why set, if that fails. */
static struct native_compiled *compile_draft(struct native *n, struct native_draft *d,
                                             struct native_compiled *c) {
  char *why = NULL;
  snprintf(n->why, WHY_SIZE, "%s", "out of memory");
  if (!tri__native_lay_out(d)) return NULL;
  c->work_count = d->program.work_count;
  c->machine = c->module->compile(&d->program, &c->run, &why);
  if (!c->machine && why) snprintf(n->why, WHY_SIZE, "%s", why);
  c->module->say_free(why);
  if (!c->machine) return NULL;
  struct native_compiled *kept = tri__native_cache_add(n->cache, &n->memory, c, d);
  if (!kept) c->module->release(c->machine);
  return kept;
}

/* The code of what is drafted, of the cache if it is there. */
static struct native_compiled *find_or_compile(struct native *n, struct native_draft *d) {
  struct native_compiled fresh = {.module = open_module(n->path, n->why)};
  if (!fresh.module) return NULL;
  fresh.hash = tri__native_hash(d);
  struct native_compiled *c = tri__native_cache_find(n->cache, fresh.hash);
  return c ? c : compile_draft(n, d, &fresh);
}

struct native_compiled *tri__native_compile(struct native_maker *m, struct native_draft *d) {
  struct native_compiled *c = find_or_compile(m->native, d);
  m->failed |= !c;
  return c;
}

struct native_compiled *tri__native_unit(struct native_maker *m, struct flat_plan *flat,
                                         const struct native_port *inputs,
                                         const struct native_end *ends,
                                         const struct lane_kernels *kernels) {
  struct native_draft draft = {.memory = m->memory, .plan = flat->plan};
  struct native_compiled *c = NULL;
  if (tri__native_body(&draft, inputs, ends, kernels)) c = tri__native_compile(m, &draft);
  tri__native_draft_free(&draft);
  tri__plan_flat_only_parts(flat);
  return c;
}

static struct native_compiled *make_code(struct native *n, const struct plan *p,
                                         enum native_kind kind) {
  struct native_compiled *c = NULL;
  struct native_draft draft = {.memory = &n->memory, .plan = p};
  snprintf(n->why, WHY_SIZE, "%s", "out of memory");
  if (tri__native_operations(&draft, kind)) c = find_or_compile(n, &draft);
  tri__native_draft_free(&draft);
  return c;
}

/* The code for a kind of call, made if it must be; NULL if there is none, or if another thread
 * is making some. */
static struct native_compiled *code_for(const tri_function *f, enum native_kind kind, bool wait) {
  struct native *n = f->native;
  struct native_compiled *code = atomic_load_explicit(&n->code[kind], memory_order_acquire);
  if (code || f->plan->rolled || atomic_load(&n->failed)) return code;
  if (wait)
    pthread_mutex_lock(&n->lock);
  else if (pthread_mutex_trylock(&n->lock))
    return NULL;
  code = atomic_load(&n->code[kind]);
  if (!code && !atomic_load(&n->failed)) {
    code = make_code(n, f->plan, kind);
    if (code)
      atomic_store_explicit(&n->code[kind], code, memory_order_release);
    else
      atomic_store(&n->failed, 1);
  }
  pthread_mutex_unlock(&n->lock);
  return code;
}

/* --- loops */

static struct native_loop *make_loop(struct native_maker *m, const struct plan_loop *l,
                                     enum native_way way) {
  struct native_loop *made = tri__new(m->memory, 1, sizeof *made);
  if (made && way == NATIVE_BY_STEPS) made->steps = tri__native_steps_new(m, l);
  if (made && way == NATIVE_BY_LANES) made->lanes = tri__native_lanes_new(m, l);
  if (made && way == NATIVE_BACK) made->back = tri__native_back_new(m, l);
  if (made && (made->steps || made->lanes || made->back)) return made;
  tri__free(m->memory, made, 1, sizeof *made);
  return NULL;
}

/* With the lock. A module that does not open makes no code for others either. */
static struct native_loop *keep_loop(struct native *n, struct plan_loop *l, enum native_way way) {
  struct native_maker m = {.native = n, .memory = &n->memory, .cache = n->cache};
  struct native_loop *made = make_loop(&m, l, way);
  if (!made) {
    if (m.failed) atomic_store(&n->failed, 1);
    atomic_store(&l->no_native[way], true);
    return NULL;
  }
  made->next = n->loops;
  n->loops = made;
  atomic_store_explicit(&l->native[way], made, memory_order_release);
  return made;
}

const struct native_loop *tri__native_loop(const tri_function *f, const struct plan_loop *loop,
                                           enum native_way way) {
  struct native *n = f->native;
  struct plan_loop *l = (struct plan_loop *)(uintptr_t)loop; /* what nobody sees from outside */
  struct native_loop *code = atomic_load_explicit(&l->native[way], memory_order_acquire);
  if (code || !n || atomic_load(&n->failed) || atomic_load(&l->no_native[way])) return code;
  pthread_mutex_lock(&n->lock);
  code = atomic_load(&l->native[way]);
  if (!code && !atomic_load(&n->failed) && !atomic_load(&l->no_native[way]))
    code = keep_loop(n, l, way);
  pthread_mutex_unlock(&n->lock);
  return code;
}

static void free_loops(struct native *n) {
  struct native_maker m = {.native = n, .memory = &n->memory, .cache = n->cache};
  while (n->loops) {
    struct native_loop *l = n->loops;
    n->loops = l->next;
    tri__native_steps_free(&m, l->steps);
    tri__native_lanes_free(&m, l->lanes);
    tri__native_back_free(&m, l->back);
    tri__free(&n->memory, l, 1, sizeof *l);
  }
}

static enum native_way way_of(const struct plan_loop *l) {
  return tri__loop_hangs_together(l) ? NATIVE_BY_STEPS : NATIVE_BY_LANES;
}

/* Makes code for all loops of a plan, or for those in them; false if there is none for one. Loops
 * in one another are few: this may call itself. */
static bool loops_native(const tri_function *f, const struct plan *p) {
  for (uint32_t i = 0; i < p->loop_count; i++) {
    const struct plan_loop *l = p->loops + i;
    if (!tri__native_loop(f, l, way_of(l)) && !loops_native(f, l->body)) return false;
  }
  return p->loop_count > 0;
}

/* --- functions with native code */

/* Operations on numbers of a call, and of code for them; a loop of unknown size is none. Loops in
 * one another are few: this may call itself. */
static void measure(const struct plan *p, double *call, double *code) {
  if (!p->rolled) *call = *code = p->step_count;
  for (uint32_t i = 0; p->rolled && i < p->step_count; i++) {
    const struct instruction *s = p->steps + i;
    if (s->op < TRI_OP_ROWS) *code += (double)p->shapes[p->values[s->result].shape].count;
  }
  if (p->rolled) *call = *code;
  for (uint32_t i = 0; i < p->loop_count; i++) {
    double inner = 0.0, written = 0.0;
    measure(p->loops[i].body, &inner, &written);
    if (p->loops[i].as.n > 0) *call += inner * (double)p->loops[i].as.n;
    *code += written;
  }
}

/* Nanoseconds: what compiling takes at all and for an operation, and what native code saves for
 * an operation of a call. */
static bool pays(const struct plan *p, uint64_t calls) {
  double call = 0.0, code = 0.0;
  measure(p, &call, &code);
  return (double)calls * call * 8.0 > 3e7 + code * 5e4;
}

/* What a plan must be, in words; NULL if it is. */
static const char *objection(const tri_function *f) {
  if (f->domain != TRI_DOUBLE) return "only functions in double have native code";
  if (f->plan->rolled && !f->plan->loop_count) return "operations on arrays are interpreted";
  if (f->plan->size_count && !f->plan->rolled) return "a function with named sizes is interpreted";
  if (f->plan->programs->rows != tri__rows) return "the operations are not the library's";
  return NULL;
}

bool tri__native_open(tri_function *f, const tri_compile_options *options) {
  if (options->run == TRI_INTERPRET) return true;
  struct memory memory;
  tri__memory_init(&memory, &f->plan->memory.allocator);
  struct native *n = f->native = tri__new(&memory, 1, sizeof *n);
  if (!n) return false;
  n->memory = memory;
  n->cache = options->native_cache;
  pthread_mutex_init(&n->lock, NULL);
  const char *why = objection(f);
  if (!why && options->run == TRI_AUTO && !pays(f->plan, options->expected_calls))
    why = "so few expected calls are not worth the time to make native code";
  if (why) {
    snprintf(n->why, WHY_SIZE, "%s", why);
    atomic_store(&n->failed, 1);
  }
  if (!options->native_module) return true;
  size_t size = strlen(options->native_module) + 1;
  n->path = tri__new(&n->memory, size, 1);
  return n->path && memcpy(n->path, options->native_module, size);
}

void tri__native_close(tri_function *f) {
  struct native *n = f->native;
  if (!n) return;
  for (int i = 0; i < NATIVE_KINDS; i++)
    tri__native_cache_drop(n->cache, &n->memory, atomic_load(&n->code[i]));
  free_loops(n);
  if (n->path) tri__free(&n->memory, n->path, strlen(n->path) + 1, 1);
  pthread_mutex_destroy(&n->lock);
  struct memory memory = n->memory;
  tri__free(&memory, n, 1, sizeof *n);
}

int tri_function_native(const tri_function *f, const char **why) {
  const char *reason = NULL;
  bool native = f && f->native;
  if (!native) reason = f ? "the function is interpreted" : "no function: it did not compile";
  if (native && f->plan->rolled)
    native = !atomic_load(&f->native->failed) && loops_native(f, f->plan);
  for (int i = 0; native && !f->plan->rolled && i < NATIVE_KINDS; i++)
    native = code_for(f, (enum native_kind)i, true) != NULL;
  if (!native && !reason)
    reason = atomic_load(&f->native->failed)
                 ? f->native->why /* which nobody changes any more */
                 : "a loop that is large, or of unknown sizes, is interpreted";
  if (why) *why = reason;
  return native;
}

/* --- calls */

/* Whether a call asks for nothing but numbers. */
static bool is_plain(const tri_function *f, const tri_call *call) {
  if (!call) return true;
  if (call->trace || call->strict || (call->interrupt && *call->interrupt)) return false;
  return !call->workspace || call->workspace->function == f;
}

/* Room for `count` numbers in a workspace; NULL when out of memory. */
static double *room(tri_workspace *w, size_t count) {
  if (count <= w->native_count) return w->native;
  tri__free(&w->memory, w->native, w->native_count, sizeof *w->native);
  w->native = tri__new(&w->memory, count, sizeof *w->native);
  w->native_count = w->native ? count : 0;
  return w->native;
}

static bool gather(const struct native_compiled *code, const double *in, double *work) {
  double *to = work + code->work_count;
  bool exist = true;
  for (uint32_t i = 0; i < code->output_count; i++) {
    const struct native_output *o = code->outputs + i;
    to[i] = o->is_constant ? o->constant : o->is_input ? in[o->index] : work[o->index];
    exist &= !isnan(to[i]);
  }
  return exist;
}

static bool run(const struct native_compiled *code, double *work, const double *in,
                const double *weights, double *outputs, double *gradient) {
  if (!work || code->run(in, weights, work, gradient) || !gather(code, in, work)) return false;
  if (outputs) memcpy(outputs, work + code->work_count, code->output_count * sizeof *outputs);
  return true;
}

static bool call(const tri_function *f, const tri_call *call, enum native_kind kind,
                 const double *in, const double *weights, double *outputs, double *gradient) {
  if (!is_plain(f, call) || !in) return false;
  /* over arrays the interpreter takes lanes' functions, which differ in the last place */
  const struct native_compiled *code = code_for(f, kind, !f->plan->scalar);
  if (!code) return false;
  size_t count = code->work_count + code->output_count;
  bool ok;
  if (call && call->workspace) {
    ok = run(code, room(call->workspace, count), in, weights, outputs, gradient);
  } else {
    struct memory memory;
    tri__memory_init(&memory, &f->plan->memory.allocator);
    double *work = tri__new(&memory, count, sizeof *work);
    ok = run(code, work, in, weights, outputs, gradient);
    tri__free(&memory, work, count, sizeof *work);
  }
  if (ok && call && call->error) *call->error = (tri_error){.status = TRI_OK};
  return ok;
}

bool tri__native_value(const tri_function *f, const tri_call *c, const double *inputs,
                       double *outputs) {
  return outputs && call(f, c, NATIVE_VALUE, inputs, NULL, outputs, NULL);
}

bool tri__native_reverse(const tri_function *f, const tri_call *c, const double *inputs,
                         const double *weights, double *outputs, double *adjoints) {
  enum native_kind kind = weights ? NATIVE_GRADIENT : NATIVE_SUM_GRADIENT;
  if (!adjoints && f->plan->input_count) return false;
  return call(f, c, kind, inputs, weights, outputs, adjoints);
}

/* Numbers that a workspace needs for calls by native code. */
static size_t most_room(const tri_function *f, bool derivatives) {
  size_t most = 0;
  for (int i = 0; f->native && i < (derivatives ? NATIVE_KINDS : 1); i++) {
    const struct native_compiled *code = code_for(f, (enum native_kind)i, true);
    if (code && code->work_count + code->output_count > most)
      most = code->work_count + code->output_count;
  }
  return most;
}

bool tri__native_rehearse(tri_workspace *w, bool derivatives) {
  size_t count = most_room(w->function, derivatives);
  return !count || room(w, count);
}

size_t tri__native_users(const tri_function *f) {
  const struct native_compiled *c = code_for(f, NATIVE_VALUE, true);
  if (c || !f->plan->loop_count) return c ? c->users : 0;
  const struct native_loop *l = tri__native_loop(f, f->plan->loops, way_of(f->plan->loops));
  return !l ? 0 : l->steps ? tri__native_steps_users(l->steps) : tri__native_lanes_users(l->lanes);
}
