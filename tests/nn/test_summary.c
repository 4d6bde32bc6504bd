/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Summaries as Keras 3 prints them. */
#include "tests/nn/networks.h"
#include "tests/runner.h"

static void check(tri_model *m, const char *expected) {
  tri_text text = {0};
  ck_assert_int_eq(tri_model_summary(m, &text), TRI_OK);
  ck_assert_str_eq(text.data, expected);
  tri_text_free(&text);
  tri_model_free(m);
}

START_TEST(layers_are_listed_with_shapes_and_counts) {
  tri_model *m = tri_sequential(NULL);
  add_layer(m, tri_input(28, 28));
  add_layer(m, tri_flatten());
  add_layer(m, tri_dense(300, .activation = "relu"));
  add_layer(m, tri_dense(100, .activation = "relu"));
  add_layer(m, tri_dense(10, .activation = "softmax"));
  check(m, "Model: \"sequential\"\n"
           "┏━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━┳━━━━━━━━━━━━━━━━━━━━━━━━┳━━━━━━━━━━━━━━━┓\n"
           "┃ Layer (type)                    ┃ Output Shape           ┃       Param # ┃\n"
           "┡━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━╇━━━━━━━━━━━━━━━━━━━━━━━━╇━━━━━━━━━━━━━━━┩\n"
           "│ flatten (Flatten)               │ (None, 784)            │             0 │\n"
           "├─────────────────────────────────┼────────────────────────┼───────────────┤\n"
           "│ dense (Dense)                   │ (None, 300)            │       235,500 │\n"
           "├─────────────────────────────────┼────────────────────────┼───────────────┤\n"
           "│ dense_1 (Dense)                 │ (None, 100)            │        30,100 │\n"
           "├─────────────────────────────────┼────────────────────────┼───────────────┤\n"
           "│ dense_2 (Dense)                 │ (None, 10)             │         1,010 │\n"
           "└─────────────────────────────────┴────────────────────────┴───────────────┘\n"
           " Total params: 266,610 (1.02 MB)\n"
           " Trainable params: 266,610 (1.02 MB)\n"
           " Non-trainable params: 0 (0.00 B)\n");
}
END_TEST

START_TEST(long_names_are_wrapped) {
  tri_model *m = tri_sequential(&(tri_model_options){.dtype = "float64", .name = "two"});
  add_layer(m, tri_input(2));
  add_layer(m, tri_batch_normalization());
  add_layer(m, tri_activation("relu", .name = "a_very_long_name_that_has_no_end_and_no_space"));
  check(m, "Model: \"two\"\n"
           "┏━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━┳━━━━━━━━━━━━━━━━━━━━━━━━┳━━━━━━━━━━━━━━━┓\n"
           "┃ Layer (type)                    ┃ Output Shape           ┃       Param # ┃\n"
           "┡━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━╇━━━━━━━━━━━━━━━━━━━━━━━━╇━━━━━━━━━━━━━━━┩\n"
           "│ batch_normalization             │ (None, 2)              │             8 │\n"
           "│ (BatchNormalization)            │                        │               │\n"
           "├─────────────────────────────────┼────────────────────────┼───────────────┤\n"
           "│ a_very_long_name_that_has_no_en │ (None, 2)              │             0 │\n"
           "│ d_and_no_space (Activation)     │                        │               │\n"
           "└─────────────────────────────────┴────────────────────────┴───────────────┘\n"
           " Total params: 8 (64.00 B)\n"
           " Trainable params: 4 (32.00 B)\n"
           " Non-trainable params: 4 (32.00 B)\n");
}
END_TEST

/* The order is Keras's: an input stands before where it is needed, and not where it was made. */
START_TEST(connections_are_shown) {
  tri_model *m = tri_functional(NULL);
  tri_tensor late = tri_model_add_input(m, tri_named("tags", tri_input(3)));
  tri_tensor a = tri_model_add_input(m, tri_named("title", tri_input(4)));
  tri_tensor b = tri_model_add_input(m, tri_named("body", tri_input(4)));
  tri_tensor one = tri_model_call(m, tri_dense(4, .name = "shared"), a);
  tri_tensor other = tri_model_call(m, tri_shared("shared"), b);
  tri_tensor both = tri_model_call(m, tri_concatenate(), one, other, late);
  tri_tensor y = tri_model_call(m, tri_dense(1, .name = "priority"), both);
  tri_tensor z = tri_model_call(m, tri_dense(4, .name = "department"), both);
  ck_assert_int_eq(tri_model_set_outputs(m, 2, (tri_tensor[]){y, z}), TRI_OK);
  check(m, "Model: \"functional\"\n"
           "┏━━━━━━━━━━━━━━━━━━━━━┳━━━━━━━━━━━━━━━━━━━┳━━━━━━━━━━━━┳━━━━━━━━━━━━━━━━━━━┓\n"
           "┃ Layer (type)        ┃ Output Shape      ┃    Param # ┃ Connected to      ┃\n"
           "┡━━━━━━━━━━━━━━━━━━━━━╇━━━━━━━━━━━━━━━━━━━╇━━━━━━━━━━━━╇━━━━━━━━━━━━━━━━━━━┩\n"
           "│ title (InputLayer)  │ (None, 4)         │          0 │ -                 │\n"
           "├─────────────────────┼───────────────────┼────────────┼───────────────────┤\n"
           "│ body (InputLayer)   │ (None, 4)         │          0 │ -                 │\n"
           "├─────────────────────┼───────────────────┼────────────┼───────────────────┤\n"
           "│ shared (Dense)      │ (None, 4)         │         20 │ title[0][0],      │\n"
           "│                     │                   │            │ body[0][0]        │\n"
           "├─────────────────────┼───────────────────┼────────────┼───────────────────┤\n"
           "│ tags (InputLayer)   │ (None, 3)         │          0 │ -                 │\n"
           "├─────────────────────┼───────────────────┼────────────┼───────────────────┤\n"
           "│ concatenate         │ (None, 11)        │          0 │ shared[0][0],     │\n"
           "│ (Concatenate)       │                   │            │ shared[1][0],     │\n"
           "│                     │                   │            │ tags[0][0]        │\n"
           "├─────────────────────┼───────────────────┼────────────┼───────────────────┤\n"
           "│ priority (Dense)    │ (None, 1)         │         12 │ concatenate[0][0] │\n"
           "├─────────────────────┼───────────────────┼────────────┼───────────────────┤\n"
           "│ department (Dense)  │ (None, 4)         │         48 │ concatenate[0][0] │\n"
           "└─────────────────────┴───────────────────┴────────────┴───────────────────┘\n"
           " Total params: 80 (320.00 B)\n"
           " Trainable params: 80 (320.00 B)\n"
           " Non-trainable params: 0 (0.00 B)\n");
}
END_TEST

START_TEST(models_without_layers_have_a_summary) {
  check(tri_sequential(NULL),
        "Model: \"sequential\"\n"
        "┏━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━┳━━━━━━━━━━━━━━━━━━━━━━━━┳━━━━━━━━━━━━━━━┓\n"
        "┃ Layer (type)                    ┃ Output Shape           ┃       Param # ┃\n"
        "┡━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━╇━━━━━━━━━━━━━━━━━━━━━━━━╇━━━━━━━━━━━━━━━┩\n"
        " Total params: 0 (0.00 B)\n"
        " Trainable params: 0 (0.00 B)\n"
        " Non-trainable params: 0 (0.00 B)\n");
}
END_TEST

static Suite *suite(void) {
  return tri_test_suite("summary", 0, NULL, NULL, layers_are_listed_with_shapes_and_counts,
                        long_names_are_wrapped, connections_are_shown,
                        models_without_layers_have_a_summary);
}

int main(void) { return tri_test_main("summary", suite); }
