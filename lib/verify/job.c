/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Outputs at a point as numbers of one domain and precision. */
#include "verify/job.h"

#include "base/memory.h"

tri_status tri__job_open(struct job *job, const struct subject *s,
                         const tri_number_options *options, tri_error *error) {
  *job = (struct job){.subject = s, .options = *options};
  job->options.allocator = s->allocator;
  job->call = (tri_call){.error = error, .interrupt = s->interrupt, .strict = s->strict};
  job->function = tri_compile(s->n, s->inputs, s->m, s->outputs, .domain = options->domain,
                              .precision = options->precision, .primals = s->primals,
                              .allocator = s->allocator, .error = error);
  if (!job->function) return error->status;
  job->call.workspace = tri_workspace_new(job->function);
  if (job->call.workspace && s->n)
    return tri_evaluate(s->n, s->point, &job->options, &job->point, error);
  if (job->call.workspace) job->point = tri__job_array(job, 0);
  if (job->point) return TRI_OK;
  error->status = TRI_MEMORY;
  return TRI_MEMORY;
}

void tri__job_close(struct job *job) {
  tri_workspace_free(job->call.workspace);
  tri_function_free(job->function);
  tri_values_free(job->point);
}

tri_values *tri__job_array(struct job *job, size_t count) {
  tri_values *values = tri_values_new(&job->options, count);
  if (!values) *job->call.error = (tri_error){.status = TRI_MEMORY, .message = "out of memory"};
  return values;
}

/* The array, or, if the work failed, nothing. */
static tri_status give(tri_status status, tri_values *made, tri_values **array) {
  *array = status ? NULL : made;
  if (status) tri_values_free(made);
  return status;
}

tri_status tri__job_values(struct job *job, tri_values **values) {
  tri_values *made = tri__job_array(job, job->subject->m);
  if (!made) return give(TRI_MEMORY, made, values);
  return give(tri_function_call_values(job->function, &job->call, job->point, made), made, values);
}

/* Row i of the Jacobian by one sweep. */
static tri_status sweep(struct job *job, size_t i, tri_values *weights, tri_values *adjoints,
                        tri_values *jacobian) {
  const struct subject *s = job->subject;
  for (size_t k = 0; k < s->m; k++) tri_values_set_double(weights, k, k == i ? 1.0 : 0.0);
  tri_status status =
      tri_function_reverse_values(job->function, &job->call, job->point, weights, NULL, adjoints);
  for (size_t j = 0; j < s->variables && !status; j++)
    tri_values_set(jacobian, i * s->variables + j, tri_values_get(adjoints, j));
  return status;
}

static tri_status by_sweeps(struct job *job, tri_values *jacobian) {
  const struct subject *s = job->subject;
  tri_values *weights = tri__job_array(job, s->m), *adjoints = tri__job_array(job, s->n);
  tri_status status = weights && adjoints ? TRI_OK : TRI_MEMORY;
  for (size_t i = 0; i < s->m && !status; i++) status = sweep(job, i, weights, adjoints, jacobian);
  tri_values_free(weights);
  tri_values_free(adjoints);
  return status;
}

static tri_status by_directions(struct job *job, tri_values *jacobian) {
  const struct subject *s = job->subject;
  size_t size, count;
  bool fits = size_product(s->variables, s->n, &size) && size_product(s->variables, s->m, &count);
  tri_values *directions = fits ? tri__job_array(job, size) : NULL,
             *tangents = directions ? tri__job_array(job, count) : NULL;
  tri_status status = tangents ? TRI_OK : TRI_MEMORY;
  for (size_t k = 0; k < s->variables && !status; k++)
    tri_values_set_double(directions, k * s->n + k, 1.0);
  if (!status)
    status = tri_function_forward_values(job->function, &job->call, job->point, s->variables,
                                         directions, NULL, tangents);
  for (size_t k = 0; k < s->variables && !status; k++)
    for (size_t i = 0; i < s->m; i++)
      tri_values_set(jacobian, i * s->variables + k, tri_values_get(tangents, k * s->m + i));
  tri_values_free(directions);
  tri_values_free(tangents);
  return status;
}

tri_status tri__job_jacobian(struct job *job, tri_mode mode, tri_values **jacobian) {
  size_t count;
  bool fits = size_product(job->subject->m, job->subject->variables, &count);
  tri_values *made = fits ? tri__job_array(job, count) : NULL;
  if (!made) return give(TRI_MEMORY, made, jacobian);
  if (!count) return give(TRI_OK, made, jacobian);
  return give(mode == TRI_FORWARD ? by_directions(job, made) : by_sweeps(job, made), made,
              jacobian);
}

tri_status tri__job_hessian(struct job *job, tri_mode mode, tri_values **hessian) {
  size_t n = job->subject->n, count;
  tri_values *made = size_product(n, n, &count) ? tri__job_array(job, count) : NULL;
  if (!made) return give(TRI_MEMORY, made, hessian);
  job->call.mode = mode;
  return give(
      tri_function_hessian_values(job->function, &job->call, job->point, NULL, NULL, NULL, made),
      made, hessian);
}

tri_status tri__job_along(struct job *job, size_t j) {
  tri_values *direction = tri__job_array(job, job->subject->n),
             *tangents = direction ? tri__job_array(job, job->subject->m) : NULL;
  tri_status status = tangents ? TRI_OK : TRI_MEMORY;
  if (!status) {
    tri_values_set_double(direction, j, 1.0);
    status = tri_function_forward_values(job->function, &job->call, job->point, 1, direction, NULL,
                                         tangents);
  }
  tri_values_free(direction);
  tri_values_free(tangents);
  return status;
}
