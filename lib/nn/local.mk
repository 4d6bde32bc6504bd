# SPDX-License-Identifier: LGPL-3.0-or-later
# lib/nn, floor 7.
triadinclude_HEADERS += lib/triad/nn.h lib/triad/nn_gradcheck.h
libtriad_la_SOURCES += lib/nn/nn.h
libtriad_la_SOURCES += lib/nn/activations.c lib/nn/build.c lib/nn/calls.c lib/nn/initializers.c lib/nn/layers.c lib/nn/new_layer.c
libtriad_la_SOURCES += lib/nn/layers_merge.c lib/nn/layers_norm.c lib/nn/layers_windows.c lib/nn/losses.c lib/nn/model.c lib/nn/order.c lib/nn/random.c
libtriad_la_SOURCES += lib/nn/summary.c lib/nn/weights.c

# Training.
triadinclude_HEADERS += lib/triad/train.h
libtriad_la_SOURCES += lib/nn/train.h
libtriad_la_SOURCES += lib/nn/callbacks.c lib/nn/check_data.c lib/nn/compile.c lib/nn/feed.c lib/nn/fit.c lib/nn/gather.c
libtriad_la_SOURCES += lib/nn/history.c lib/nn/masks.c lib/nn/measure.c lib/nn/optimizers.c lib/nn/predict.c
libtriad_la_SOURCES += lib/nn/progress.c lib/nn/step.c lib/nn/step_build.c

# Models in files.
triadinclude_HEADERS += lib/triad/save.h
libtriad_la_SOURCES += lib/nn/keras.h lib/nn/triad_file.h lib/nn/fields.h lib/nn/json.h
libtriad_la_SOURCES += lib/nn/config_compile.c lib/nn/config_functional.c lib/nn/config_layers.c lib/nn/config_read.c lib/nn/config_write.c
libtriad_la_SOURCES += lib/nn/fields.c lib/nn/fields_keras.c lib/nn/fields_write.c lib/nn/json.c lib/nn/load.c lib/nn/save.c

# Gradients checked.
libtriad_la_SOURCES += lib/nn/gradcheck.h lib/nn/gradcheck.c lib/nn/gradcheck_function.c lib/nn/gradcheck_judge.c
libtriad_la_SOURCES += lib/nn/gradcheck_kinks.c lib/nn/gradcheck_place.c lib/nn/gradcheck_runs.c lib/nn/gradcheck_slopes.c
libtriad_la_SOURCES += lib/nn/gradcheck_text.c lib/nn/gradcheck_units.c lib/nn/gradcheck_windows.c
