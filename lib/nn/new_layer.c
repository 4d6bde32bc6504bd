/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* A layer becomes one of a model: its name, the names that it says, what else is wrong with it
 * whatever it is called on. */
#include <stdio.h>
#include <string.h>

#include "nn/nn.h"

/* --- names */

/* dense, dense_1, …: of a kind's layers without a name. */
static void default_name(const tri_model *m, const char *kind, char *name) {
  snprintf(name, NAME_SIZE, "%s", kind);
  for (unsigned i = 1; tri_model_find_layer(m, name) != (size_t)-1; i++)
    snprintf(name, NAME_SIZE, "%s_%u", kind, i);
}

static bool is_utf8(const char *text) {
  size_t size = strlen(text), length = 1;
  for (uint32_t code; size && length; text += length, size -= length)
    length = tri__utf8(text, size, &code);
  return !size;
}

/* Without '/', which parts a layer's name from those of its weights, and which all variables of the
 * graph have in their names that are neither inputs nor weights. */
static tri_status name_layer(tri_model *m, struct layer *l) {
  const char *name = l->spec.name;
  if (!name) {
    default_name(m, tri__layer_row(l->spec.kind)->name, l->name);
    return TRI_OK;
  }
  if (!*name || strlen(name) >= NAME_SIZE)
    return tri__model_fail(m, TRI_NAME, "a layer's name has 1 to %d bytes", NAME_SIZE - 1);
  if (!is_utf8(name)) return tri__model_fail(m, TRI_NAME, "a layer's name is not UTF-8");
  if (strchr(name, '/'))
    return tri__model_fail(m, TRI_NAME, "%s: a layer's name has no '/' in it", name);
  if (tri_model_find_layer(m, name) != (size_t)-1)
    return tri__model_fail(m, TRI_NAME, "%s: two layers of this name", name);
  memcpy(l->name, name, strlen(name) + 1);
  return TRI_OK;
}

static tri_status known_padding(tri_model *m, struct layer *l) {
  static const char *const paddings[] = {"valid", "same"};
  const char *given = l->spec.padding ? l->spec.padding : paddings[0];
  for (size_t i = 0; i < 2; i++)
    if (strcmp(given, paddings[i]) == 0) {
      l->spec.padding = paddings[i];
      return TRI_OK;
    }
  return tri__model_fail(m, TRI_NAME, "%s: no padding is called %s", l->name, given);
}

/* The texts of a layer become static ones. */
static tri_status known_names(tri_model *m, struct layer *l) {
  tri_layer *s = &l->spec;
  const char *activation = tri__activation_name(s->activation);
  const char *kernel = s->kernel_initializer ? s->kernel_initializer : KERNEL_INITIALIZER;
  const char *bias = s->bias_initializer ? s->bias_initializer : BIAS_INITIALIZER;
  if (!activation)
    return tri__model_fail(m, TRI_NAME, "%s: no activation is called %s", l->name, s->activation);
  s->activation = activation;
  s->kernel_initializer = tri__initializer_name(kernel);
  s->bias_initializer = tri__initializer_name(bias);
  if (s->kernel_initializer && s->bias_initializer) return known_padding(m, l);
  return tri__model_fail(m, TRI_NAME, "%s: no initializer is called %s", l->name,
                         s->kernel_initializer ? bias : kernel);
}

/* --- the layer */

static tri_status check_regularizers(tri_model *m, const struct layer *l) {
  const tri_layer *s = &l->spec;
  const double factors[] = {s->kernel_regularizer.l1,   s->kernel_regularizer.l2,
                            s->bias_regularizer.l1,     s->bias_regularizer.l2,
                            s->activity_regularizer.l1, s->activity_regularizer.l2};
  for (size_t i = 0; i < sizeof factors / sizeof *factors; i++)
    if (!(factors[i] >= 0.0 && factors[i] <= 1e300))
      return tri__model_fail(m, TRI_ARGUMENT, "%s: a regularizer's factor is negative", l->name);
  return TRI_OK;
}

tri_status tri__new_layer(tri_model *m, const tri_layer *spec, size_t *number) {
  struct layer l = {.spec = *spec, .first_weight = m->n_weights};
  if (!tri__layer_row(spec->kind))
    return tri__model_fail(m, TRI_ARGUMENT, "there is no layer of kind %d", (int)spec->kind);
  tri_status status = name_layer(m, &l);
  if (!status) status = known_names(m, &l);
  if (!status) status = check_regularizers(m, &l);
  if (status) return status;
  if (l.spec.rank > TRI_LAYER_RANK)
    return tri__model_fail(m, TRI_LIMIT, "%s: more than %d dimensions", l.name, TRI_LAYER_RANK);
  if (!tri__grow(&m->memory, (void **)&m->layers, &m->layer_capacity, m->n_layers + 1, sizeof l))
    return tri__model_no_memory(m);
  *number = m->n_layers++;
  m->layers[*number] = l;
  return TRI_OK;
}
