# SPDX-License-Identifier: LGPL-3.0-or-later
# lib/nn, floor 7.
triadinclude_HEADERS += lib/triad/nn.h
libtriad_la_SOURCES += lib/nn/nn.h
libtriad_la_SOURCES += lib/nn/activations.c lib/nn/build.c lib/nn/calls.c lib/nn/initializers.c lib/nn/layers.c
libtriad_la_SOURCES += lib/nn/layers_merge.c lib/nn/layers_norm.c lib/nn/losses.c lib/nn/model.c lib/nn/random.c
libtriad_la_SOURCES += lib/nn/summary.c lib/nn/weights.c
