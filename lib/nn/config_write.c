/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Models as Keras's JSON. */
#include <triad/save.h>

#include "nn/keras.h"

static void put_dtype(const tri_model *m, tri_text *text) {
  tri__text_printf(text, "\"float%s\"", m->domain == TRI_DOUBLE ? "64" : "32");
}

/* "dtype": a policy, as all layers but inputs have it. */
static void put_policy(const tri_model *m, tri_text *text) {
  tri__text_puts(text, ", \"dtype\": {\"module\": \"keras\", \"class_name\": \"DTypePolicy\", "
                       "\"config\": {\"name\": ");
  put_dtype(m, text);
  tri__text_puts(text, "}, \"registered_name\": null}");
}

static void put_config(const tri_model *m, const struct layer *l, tri_text *text) {
  tri__text_puts(text, "{\"name\": ");
  tri__json_put_string(text, l->name);
  if (l->spec.kind == TRI_LAYER_INPUT) {
    tri__text_puts(text, ", \"dtype\": ");
    put_dtype(m, text);
  } else {
    put_policy(m, text);
  }
  tri__fields_write(text, tri__layer_fields(l->spec.kind), &l->spec, false);
  tri__text_putc(text, '}');
}

/* --- calls */

/* ["dense", 0, 0] */
static void put_history(const tri_model *m, size_t call, tri_text *text) {
  tri__text_putc(text, '[');
  tri__json_put_string(text, m->layers[m->calls[call].layer].name);
  tri__text_printf(text, ", %zu, 0]", tri__call_number(m, call));
}

static void put_tensor(const tri_model *m, size_t call, tri_text *text) {
  const struct sample *s = &m->calls[call].gives;
  tri__text_puts(text, "{\"class_name\": \"__keras_tensor__\", \"config\": {\"shape\": [null");
  for (size_t d = 0; d < s->rank; d++) tri__text_printf(text, ", %lld", (long long)s->shape[d]);
  tri__text_puts(text, "], \"dtype\": ");
  put_dtype(m, text);
  tri__text_puts(text, ", \"keras_history\": ");
  put_history(m, call, text);
  tri__text_puts(text, "}}");
}

static void put_call(const tri_model *m, const struct call *c, tri_text *text) {
  bool joins = tri__layer_row(m->layers[c->layer].spec.kind)->most > 1;
  tri__text_puts(text, joins ? "{\"args\": [[" : "{\"args\": [");
  for (size_t i = 0; i < c->links; i++) {
    if (i) tri__text_puts(text, ", ");
    put_tensor(m, m->links[c->first_link + i], text);
  }
  tri__text_puts(text, joins ? "]], \"kwargs\": {}}" : "], \"kwargs\": {}}");
}

/* Of a layer in a functional model: its name, and all calls of it. */
static void put_calls(const tri_model *m, size_t layer, tri_text *text) {
  bool first = true;
  tri__text_puts(text, ", \"name\": ");
  tri__json_put_string(text, m->layers[layer].name);
  tri__text_puts(text, ", \"inbound_nodes\": [");
  for (size_t i = 0; i < m->n_calls; i++)
    if (m->calls[i].layer == layer && m->calls[i].links) {
      if (!first) tri__text_puts(text, ", ");
      first = false;
      put_call(m, &m->calls[i], text);
    }
  tri__text_putc(text, ']');
}

/* --- models */

static void put_layer(const tri_model *m, size_t i, tri_text *text) {
  const struct layer *l = &m->layers[i];
  tri__text_printf(text, "{\"module\": \"keras.layers\", \"class_name\": \"%s\", \"config\": ",
                   tri__layer_row(l->spec.kind)->class_name);
  put_config(m, l, text);
  tri__text_puts(text, ", \"registered_name\": null");
  if (!m->sequential) put_calls(m, i, text);
  tri__text_putc(text, '}');
}

static void put_ends(const tri_model *m, const char *name, size_t n, const size_t *calls,
                     tri_text *text) {
  tri__text_printf(text, ", \"%s\": [", name);
  for (size_t i = 0; i < n; i++) {
    if (i) tri__text_puts(text, ", ");
    put_history(m, calls[i], text);
  }
  tri__text_putc(text, ']');
}

void tri__model_write(const tri_model *m, const char *members, tri_text *text) {
  tri__text_printf(text, "{\"module\": \"%s\", \"class_name\": \"%s\", \"config\": {\"name\": ",
                   m->sequential ? "keras" : "keras.src.models.functional",
                   m->sequential ? "Sequential" : "Functional");
  tri__json_put_string(text, m->name);
  tri__text_puts(text, ", \"trainable\": true");
  put_policy(m, text);
  tri__text_puts(text, ", \"layers\": [");
  for (size_t i = 0; i < m->n_layers; i++) {
    if (i) tri__text_puts(text, ", ");
    put_layer(m, i, text);
  }
  tri__text_putc(text, ']');
  if (!m->sequential) {
    put_ends(m, "input_layers", m->n_inputs, m->inputs, text);
    put_ends(m, "output_layers", m->n_outputs, m->outputs, text);
  }
  tri__text_printf(text, "}, \"registered_name\": %s", m->sequential ? "null" : "\"Functional\"");
  if (members) tri__text_puts(text, members);
  tri__text_puts(text, "}");
}

tri_status tri_model_to_json(const tri_model *model, tri_text *text) {
  tri__model_write(model, NULL, text);
  return text->status;
}
