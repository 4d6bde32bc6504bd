/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* What the subcommands of networks share: their options, the file of a model or of how one is
 * trained, data. */
#ifndef TRIAD_TOOLS_NETWORK_H
#define TRIAD_TOOLS_NETWORK_H

#include <triad/save.h>
#include <triad/train.h>

#include "session.h"

enum { NETWORK_DONE, NETWORK_FAILED, NETWORK_USAGE, NETWORK_UNDECIDED };

/* The subcommands, as bits: which options belong to which. */
enum {
  NETWORK_TRAIN = 1,
  NETWORK_EVALUATE = 2,
  NETWORK_PREDICT = 4,
  NETWORK_SUMMARY = 8,
  NETWORK_GRADCHECK = 16
};

/* The longest name of a file that is put together here. */
enum { NETWORK_PATH = 4096 };

/* What is asked for. Zeros and NULL are not given. */
struct network_wish {
  const char *command; /* its name, for messages */
  const char *model, *data, *output;
  int64_t epochs, batch, threads, sample;
  uint64_t seed;
  bool has_seed, quiet, help;
};

/* Reads the options of a subcommand; prints help, or what is wrong. False: the exit status is in
 * *status. */
bool network_options(struct session *session, unsigned command, int argc, char **argv,
                     struct network_wish *wish, int *status);

/* Prints an error, to standard error or as a line of JSON. Returns NETWORK_FAILED. */
int network_report(struct session *session, const struct network_wish *wish,
                   const tri_error *error);

/* A model, and how it is to be trained. */
struct network {
  tri_model *model;
  tri_fit_options fit;
  double scale; /* of data; 0: 1 */
};

/* Reads a .triad file, or the JSON of {"model": …, "compile": …, "fit": …, "data": …, "seed": …},
 * or of a model alone. The model is compiled if the file says how. Free the model. */
TRI_CHECKED tri_status network_read(struct session *session, const struct network_wish *wish,
                                    struct network *network, tri_error *error);

/* Arrays from a folder or a file: those of training, and the others, which where there are none are
 * of rank 0 and without data. */
struct network_data {
  tri_array x, y;           /* train, or all there are */
  tri_array x_test, y_test; /* test */
  bool whole;               /* x has all columns of CSV */
};

/* Reads a folder of MNIST's IDX files, or of x_train.npy, y_train.npy, x_test.npy, y_test.npy; an
 * archive of arrays of these names; CSV, whose last column is y; or one array, which is x.
 * DATA_WHOLE: all columns of CSV are x. */
enum { DATA_TRAIN = 1, DATA_TEST = 2, DATA_WHOLE = 4 };
TRI_CHECKED tri_status network_data_read(struct session *session, const char *path, unsigned parts,
                                         struct network_data *data, tri_error *error);

/* The last column of a table becomes y. */
TRI_CHECKED tri_status network_data_split(const char *path, const tri_io_options *options,
                                          tri_array *table, tri_array *y);
void network_data_free(struct network_data *data);

/* Gives arrays the shapes that the model takes and is compared with, where they have as many
 * numbers. */
void network_data_fit(tri_model *model, tri_array *x, tri_array *y);

int train_command(struct session *session, int argc, char **argv);
int evaluate_command(struct session *session, int argc, char **argv);
int predict_command(struct session *session, int argc, char **argv);
int summary_command(struct session *session, int argc, char **argv);
int gradcheck_network(struct session *session, int argc, char **argv);

#endif
