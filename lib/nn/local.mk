# SPDX-License-Identifier: LGPL-3.0-or-later
# lib/nn, floor 7.
triadinclude_HEADERS += lib/triad/nn.h
libtriad_la_SOURCES += lib/nn/nn.h
libtriad_la_SOURCES += lib/nn/activations.c lib/nn/initializers.c lib/nn/layers.c lib/nn/losses.c lib/nn/model.c lib/nn/random.c lib/nn/summary.c
