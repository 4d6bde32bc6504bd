/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* triad as a tool of the GradBench suite: messages in, one JSON object a line, and a reply for
 * each, until the input ends. Whatever is wrong with a message is told in its reply. The protocol
 * is described in the suite's CONTRIBUTING.md. */
#include <time.h>

#include "gradbench.h"

static const gb_problem problems[] = {
#define PROBLEM(module, function, read, build, run, write, mode, parts)                            \
  {#module, #function, read, build, run, write, mode, parts},
#include "problems.def"
#undef PROBLEM
};

enum { PROBLEMS = sizeof problems / sizeof *problems };

/* How long each run took, in nanoseconds. */
struct times {
  int64_t *of;
  size_t count, room;
};

struct session {
  gb_model *models[PROBLEMS]; /* the last one of each problem */
  struct times times;
};

/* --- replies */

static void put(const json_t *value) {
  json_dumpf(value, stdout, JSON_ENCODE_ANY | JSON_COMPACT | JSON_REAL_PRECISION(17));
}

static void put_start(const json_t *id) {
  fputs("{\"id\":", stdout);
  if (id)
    put(id);
  else
    fputs("null", stdout);
}

static void put_end(void) {
  fputs("}\n", stdout);
  fflush(stdout);
}

/* The reply with these further fields, as JSON. */
static void reply(const json_t *id, const char *fields) {
  put_start(id);
  fputs(fields, stdout);
  put_end();
}

/* A message may quote bytes that are no UTF-8: they are left out then. */
static void reply_wrong(const json_t *id, char *what) {
  json_t *text = json_string(what);
  for (char *c = what; !text && *c; c++)
    if (*c & 0x80) *c = '?';
  if (!text) text = json_string(what);
  put_start(id);
  fputs(",\"success\":false,\"error\":", stdout);
  if (text)
    put(text);
  else
    fputs("\"out of memory\"", stdout);
  put_end();
  json_decref(text);
}

static void reply_output(const json_t *id, const json_t *output, int64_t prepared,
                         const struct times *t) {
  put_start(id);
  fputs(",\"success\":true,\"output\":", stdout);
  put(output);
  printf(",\"timings\":[{\"name\":\"prepare\",\"nanoseconds\":%lld}", (long long)prepared);
  for (size_t i = 0; i < t->count; i++)
    printf(",{\"name\":\"evaluate\",\"nanoseconds\":%lld}", (long long)t->of[i]);
  fputs("]", stdout);
  put_end();
}

/* --- evaluation */

static int64_t now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static bool keep_time(struct times *t, int64_t nanoseconds) {
  if (t->count == t->room) {
    size_t room = t->room ? 2 * t->room : 1024;
    int64_t *grown = realloc(t->of, room * sizeof *grown);
    if (!grown) return false;
    t->of = grown;
    t->room = room;
  }
  t->of[t->count++] = nanoseconds;
  return true;
}

static bool run_once(gb_model *m, gb_job *job) {
  tri_status status = job->problem->run(m, job->inputs);
  if (status) gb_wrong(job, "%s", m->error.status ? m->error.message : tri_status_meaning(status));
  return !status;
}

/* The problem's model for the job's sizes. What is made by the first run belongs to preparing. */
static gb_model *model_for(struct session *s, gb_job *job) {
  gb_model **kept = s->models + (job->problem - problems);
  if (*kept && memcmp((*kept)->size, job->size, sizeof job->size) == 0) return *kept;
  gb_model_free(*kept);
  *kept = gb_model_new(job);
  return *kept && run_once(*kept, job) ? *kept : NULL;
}

/* Times that are told beyond those that were asked for: of nanoseconds there would be millions in a
 * second, which no reader is ready for. */
enum { MOST_TIMES = 100000 };

/* At least `runs` runs, and at least so many seconds of them. */
static bool run_all(struct times *t, gb_model *m, gb_job *job, int64_t runs, double seconds) {
  int64_t all = 0;
  t->count = 0;
  for (int64_t i = 0; i < runs || 1e-9 * (double)all < seconds; i++) {
    int64_t start = now();
    if (!run_once(m, job)) return false;
    int64_t taken = now() - start;
    all += taken;
    if ((i < runs || i < MOST_TIMES) && !keep_time(t, taken)) {
      gb_wrong(job, "out of memory for so many times");
      return false;
    }
  }
  return true;
}

/* All fields may be missing: one run. The suite once had "runs" alone. */
static void read_runs(gb_job *job, const json_t *input, int64_t *runs, double *seconds) {
  const char *name = json_object_get(input, "min_runs") ? "min_runs" : "runs";
  if (json_object_get(input, name)) *runs = gb_integer(job, input, name, 1, 1000000000);
  if (json_object_get(input, "min_seconds")) *seconds = gb_number(job, input, "min_seconds");
  if (!(*seconds >= 0.0 && *seconds <= 1e6))
    gb_wrong(job, "\"min_seconds\" is %g, not from 0 to 1000000", *seconds);
}

static void evaluate(struct session *s, const json_t *id, gb_job *job, const json_t *input) {
  int64_t runs = 1;
  double seconds = 0.0;
  gb_model *m = NULL;
  json_t *output = NULL;
  read_runs(job, input, &runs, &seconds);
  job->problem->read(job, input);
  int64_t start = now();
  if (!job->error[0]) m = model_for(s, job);
  int64_t prepared = now() - start;
  if (m && run_all(&s->times, m, job, runs, seconds)) {
    output = job->problem->write(m);
    if (!output) gb_wrong(job, "the output has a number that is not finite");
  }
  if (job->error[0])
    reply_wrong(id, job->error);
  else
    reply_output(id, output, prepared, &s->times);
  json_decref(output);
}

/* --- messages */

static const char *text_of(gb_job *job, const json_t *message, const char *name) {
  const json_t *value = gb_field(job, message, name);
  if (value && !json_is_string(value)) gb_wrong(job, "\"%s\" is no string", name);
  return job->error[0] ? NULL : json_string_value(value);
}

/* The problem of this module, and function unless that is NULL. */
static const gb_problem *find(const char *module, const char *function) {
  for (size_t i = 0; i < PROBLEMS; i++)
    if (!strcmp(problems[i].module, module) &&
        (!function || !strcmp(problems[i].function, function)))
      return problems + i;
  return NULL;
}

static void take_define(const json_t *id, const json_t *message) {
  gb_job job = {.problem = NULL};
  const char *module = text_of(&job, message, "module");
  if (module && !find(module, NULL)) gb_wrong(&job, "no module \"%.100s\"", module);
  if (job.error[0])
    reply_wrong(id, job.error);
  else
    reply(id, ",\"success\":true");
}

static void take_evaluate(struct session *s, const json_t *id, const json_t *message) {
  gb_job job = {.problem = NULL};
  const char *module = text_of(&job, message, "module");
  const char *function = text_of(&job, message, "function");
  const json_t *input = gb_field(&job, message, "input");
  if (input) job.problem = find(module, function);
  if (input && !job.problem)
    gb_wrong(&job,
             find(module, NULL) ? "no function \"%.100s\" in module \"%.100s\""
                                : "no function \"%.100s\": no module \"%.100s\"",
             function, module);
  if (job.problem)
    evaluate(s, id, &job, input);
  else
    reply_wrong(id, job.error);
  free(job.inputs);
}

static void take(struct session *s, const json_t *message) {
  gb_job job = {.problem = NULL};
  const json_t *id = json_object_get(message, "id");
  if (json_is_object(message) && !id) gb_wrong(&job, "no field \"id\"");
  const char *kind = text_of(&job, message, "kind");
  if (!kind)
    reply_wrong(id, job.error);
  else if (!strcmp(kind, "start"))
    reply(id, ",\"tool\":\"triad\"");
  else if (!strcmp(kind, "define"))
    take_define(id, message);
  else if (!strcmp(kind, "evaluate"))
    take_evaluate(s, id, message);
  else
    reply(id, "");
}

static void take_line(struct session *s, const char *line, size_t size) {
  json_error_t error;
  json_t *message = json_loadb(line, size, JSON_DECODE_ANY, &error);
  char what[JSON_ERROR_TEXT_LENGTH + 40];
  if (message) {
    take(s, message);
    json_decref(message);
  } else {
    snprintf(what, sizeof what, "no JSON: %s (byte %d)", error.text, error.position);
    reply_wrong(NULL, what);
  }
}

int main(void) {
  struct session s = {.times = {0}};
  char *line = NULL;
  size_t room = 0;
  ssize_t size;
  while ((size = getline(&line, &room, stdin)) >= 0) take_line(&s, line, (size_t)size);
  for (size_t i = 0; i < PROBLEMS; i++) gb_model_free(s.models[i]);
  free(s.times.of);
  free(line);
  return ferror(stdin) || ferror(stdout) ? EXIT_FAILURE : EXIT_SUCCESS;
}
