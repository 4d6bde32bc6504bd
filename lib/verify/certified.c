/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Values and derivatives of expressions with digits that are certain. */
#include "verify/certify.h"
#include "verify/job.h"

enum { DEFAULT_DIGITS = 16 };

struct wish {
  struct subject subject;
  tri_wanted wanted;
  tri_mode mode;
};

static tri_status at_precision(void *data, uint32_t precision, tri_values **numbers,
                               tri_error *error) {
  const struct wish *wish = data;
  const tri_number_options options = {.domain = TRI_BALL, .precision = precision};
  struct job job;
  tri_status status = tri__job_open(&job, &wish->subject, &options, error);
  if (!status && wish->wanted == TRI_VALUES) status = tri__job_values(&job, numbers);
  if (!status && wish->wanted == TRI_JACOBIAN)
    status = tri__job_jacobian(&job, wish->mode, numbers);
  if (!status && wish->wanted == TRI_HESSIAN) status = tri__job_hessian(&job, wish->mode, numbers);
  tri__job_close(&job);
  return status;
}

tri_status tri_certify_with(size_t n_inputs, const tri_expr *inputs, const tri_expr *point,
                            size_t n_outputs, const tri_expr *outputs,
                            const tri_certify_options *o) {
  tri_error error = {0};
  if (!o || !o->numbers) return TRI_ARGUMENT;
  struct wish wish = {.wanted = o->wanted, .mode = o->mode};
  wish.subject = (struct subject){.n = n_inputs,
                                  .inputs = inputs,
                                  .point = point,
                                  .variables = n_inputs,
                                  .m = n_outputs,
                                  .outputs = outputs,
                                  .allocator = o->allocator,
                                  .interrupt = o->interrupt,
                                  .strict = o->strict};
  struct certify_goal goal = {.digits = o->digits ? o->digits : DEFAULT_DIGITS,
                              .most = o->max_precision};
  tri_status status = n_inputs && !point ? TRI_ARGUMENT : TRI_OK;
  *o->numbers = NULL;
  if (!status) status = tri__certify(&goal, at_precision, &wish, o->numbers, &error);
  if (status && !error.status) error.status = status;
  if (o->error) *o->error = error;
  return status;
}
