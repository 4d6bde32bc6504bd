/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* The subcommand gradcheck with a .triad file: the gradient of a network's loss against certified
 * enclosures. */
#include <stdio.h>
#include <string.h>
#include <triad/nn_gradcheck.h>

#include "base/text.h"
#include "json.h"
#include "network.h"

/* A line for each tensor, and one for all. */
static void put_json(const tri_model_gradcheck_report *r, tri_text *text) {
  for (size_t i = 0; i < r->n_tensors; i++) {
    const tri_tensor_check *t = &r->tensors[i];
    tri__text_puts(text, "{\"kind\":\"tensor\"");
    json_name(text, "name");
    json_puts(text, t->name);
    tri__text_printf(text, ",\"verdict\":\"%s\",\"entries\":%zu,\"checked\":%zu,\"proved\":%zu",
                     tri_verdict_name(t->verdict), t->entries, t->checked, t->proved);
    tri__text_printf(text, ",\"refuted\":%zu,\"undecided\":%zu,\"worst\":%zu", t->refuted,
                     t->undecided, t->worst.index);
    json_number(text, "value", t->worst.claim.value);
    json_number(text, "derivative", t->worst.derivative);
    json_number(text, "radius", t->worst.radius);
    json_number(text, "relative", t->worst.claim.relative);
    json_number(text, "ulps", t->worst.claim.ulps);
    json_number(text, "bound", t->worst.claim.bound);
    tri__text_puts(text, "}\n");
  }
  tri__text_printf(text,
                   "{\"kind\":\"gradcheck\",\"verdict\":\"%s\",\"entries\":%zu,\"checked\":%zu",
                   tri_verdict_name(r->verdict), r->entries, r->checked);
  tri__text_printf(text, ",\"samples\":%zu,\"seed\":\"%llu\",\"hash\":\"%016llx\"", r->samples,
                   (unsigned long long)r->seed, (unsigned long long)r->hash);
  json_number(text, "seconds", r->seconds);
  tri__text_puts(text, "}\n");
}

static int print_report(struct session *session, const struct network_wish *wish,
                        const tri_model_gradcheck_report *report) {
  tri_text text = {0};
  tri_error error = {.status = TRI_OK};
  if (session->output.json)
    put_json(report, &text);
  else
    text.status = tri_model_gradcheck_text(report, !output_unicode(session), &text);
  error.status = text.status;
  if (!text.status) output_put(session, text.data, text.size);
  tri_text_free(&text);
  if (error.status) return network_report(session, wish, &error);
  if (!output_flush(session) || report->verdict == TRI_REFUTED) return NETWORK_FAILED;
  return report->verdict == TRI_PROVED ? NETWORK_DONE : NETWORK_UNDECIDED;
}

static int check(struct session *session, const struct network_wish *wish, const struct network *n,
                 const struct network_data *data) {
  tri_model_gradcheck_report report = {.n_tensors = 0};
  tri_samples x = {.array = &data->x, .scale = n->scale}, y = {.array = &data->y};
  tri_dataset set = {.x = &x, .y = data->y.data ? &y : NULL};
  tri_model_gradcheck_options options = {.report = &report,
                                         .batch_size = (size_t)wish->batch,
                                         .sample = (size_t)wish->sample,
                                         .seed = wish->seed,
                                         .interrupt = session->interrupt};
  if (tri_model_gradcheck_with(n->model, &set, &options)) {
    tri_error error = *tri_model_error(n->model);
    return network_report(session, wish, &error);
  }
  int status = print_report(session, wish, &report);
  tri_model_gradcheck_free(&report);
  return status;
}

int gradcheck_network(struct session *session, int argc, char **argv) {
  struct network_wish wish;
  struct network n;
  struct network_data data;
  tri_error error = {.status = TRI_OK};
  int status;
  if (!network_options(session, NETWORK_GRADCHECK, argc, argv, &wish, &status)) return status;
  if (network_read(session, &wish, &n, &error)) return network_report(session, &wish, &error);
  status = NETWORK_FAILED;
  if (network_data_read(session, wish.data, DATA_TRAIN, &data, &error)) {
    network_report(session, &wish, &error);
  } else {
    network_data_fit(n.model, &data.x, &data.y);
    status = check(session, &wish, &n, &data);
    network_data_free(&data);
  }
  tri_model_free(n.model);
  return status;
}
