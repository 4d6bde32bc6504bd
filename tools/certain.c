/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Numbers in the session's domain, or, where digits are set, with so many that are certain. */
#include "certain.h"

#include "base/text.h"
#include "verify/certify.h"

bool certain_digits(const struct session *session) {
  return session->settings.digits > 0 && session->settings.domain != TRI_RATIONAL;
}

tri_number_options certain_options(const struct session *session) {
  enum { MORE_BITS = 64 };
  if (certain_digits(session))
    return (tri_number_options){
        .domain = TRI_BALL, .precision = tri__certify_first(session->settings.digits) + MORE_BITS};
  return (tri_number_options){.domain = session->settings.domain,
                              .precision = session->settings.precision};
}

/* A run at rising precisions. */
struct rising {
  struct session *session;
  certain_work *work;
  void *data;
};

/* One of them. What more precision may decide is no error yet. */
static tri_status at_precision(void *data, uint32_t precision, tri_values **numbers,
                               tri_error *error) {
  struct rising *rising = data;
  tri_graph *g = rising->session->graph;
  const tri_number_options options = {.domain = TRI_BALL, .precision = precision};
  tri_status status = rising->work(rising->data, &options, numbers);
  if (status == TRI_OK) return TRI_OK;
  *error = g->error;
  if (status == TRI_UNKNOWN) tri_graph_clear_error(g);
  return status;
}

tri_status certain_run(struct session *session, const struct token *at, certain_work *work,
                       void *data, tri_values **numbers) {
  *numbers = NULL;
  if (!certain_digits(session)) {
    const tri_number_options options = certain_options(session);
    tri_status status = work(data, &options, numbers);
    if (status == TRI_OK) return TRI_OK;
    tri_values_free(*numbers);
    *numbers = NULL;
    return status;
  }
  struct rising rising = {session, work, data};
  const struct certify_goal goal = {.digits = session->settings.digits};
  tri_error error = {0};
  tri_status status = tri__certify(&goal, at_precision, &rising, numbers, &error);
  return status == TRI_UNKNOWN ? session_fail_with(session, at, &error) : status;
}

/* A ball about 0 says nothing without its radius; of others no digit is written that is not certain. */
static void put_ball(tri_value value, uint64_t digits, tri_text *text) {
  tri_text own = {0}, radius = {0};
  tri_value_enclosure(value, digits, &own, &radius);
  tri__text_add(text, own.data, own.size);
  if (own.size == 1 && *own.data == '0' && radius.size && *radius.data != '0') {
    tri__text_puts(text, " +/- ");
    tri__text_add(text, radius.data, radius.size);
  }
  tri_text_free(&own);
  tri_text_free(&radius);
}

void certain_text(const struct session *session, tri_value value, tri_text *text,
                  tri_text *radius) {
  bool certain = certain_digits(session);
  if (radius)
    tri_value_enclosure(value, certain ? session->settings.digits : 0, text, radius);
  else if (certain)
    put_ball(value, session->settings.digits, text);
  else
    tri_value_text(value, text);
}
