# SPDX-License-Identifier: LGPL-3.0-or-later
# lib/eval, floor 4.
triadinclude_HEADERS += lib/triad/eval.h
libtriad_la_SOURCES += lib/eval/plan.h lib/eval/run.h lib/eval/taylor.h lib/eval/adjoint_run.c lib/eval/diagnose.c \
  lib/eval/double_run.c lib/eval/dual_run.c lib/eval/emit.h lib/eval/emit_c.c lib/eval/emit_body.c \
  lib/eval/emit_names.c lib/eval/emit_rows.c lib/eval/function.c lib/eval/hessian_run.c lib/eval/interpret.c lib/eval/kinks.c \
  lib/eval/plan.c lib/eval/plan_flat.h lib/eval/plan_flat.c lib/eval/plan_flat_windows.c lib/eval/plan_fuse.c lib/eval/plan_split.c lib/eval/plan_loops.c lib/eval/array_run.c lib/eval/elementwise.c lib/eval/last_run.c lib/eval/windows.h lib/eval/window_run.c lib/eval/window_double.c lib/eval/window_float.c lib/eval/window_kernels.h lib/eval/tensor_run.c lib/eval/tensors.h lib/eval/loop.h lib/eval/loop_lanes.c lib/eval/loop_run.c lib/eval/loop_scan.c lib/eval/loop_sweep.c lib/eval/plan_shapes.c lib/eval/plan_slots.c lib/eval/taylor_parts.c \
  lib/eval/taylor_power.c lib/eval/taylor_run.c lib/eval/taylor_series.c lib/eval/workspace.c
triadinclude_HEADERS += lib/triad/sparse.h
libtriad_la_SOURCES += lib/eval/sparse.h lib/eval/sparse.c lib/eval/sparse_run.c
triadinclude_HEADERS += lib/triad/tape.h lib/triad/tape_record.h
libtriad_la_SOURCES += lib/eval/tape.h lib/eval/tape.c lib/eval/tape_rows.c lib/eval/tape_sweep.c

# What emitted C takes over from the library's own kernels, as text.
EMIT_KERNELS = lib/graph/kernels.h lib/graph/kernels.c lib/graph/wide.h lib/graph/polygamma.c
EXTRA_DIST += build-aux/sections.awk
BUILT_SOURCES += lib/eval/primitives.inc
CLEANFILES += lib/eval/primitives.inc
lib/eval/primitives.inc: $(EMIT_KERNELS) build-aux/sections.awk
	$(AM_V_GEN)$(MKDIR_P) $(@D) && (cd $(srcdir) && $(AWK) -f build-aux/sections.awk $(EMIT_KERNELS)) >$@.new && mv $@.new $@
lib/eval/emit_rows.lo: lib/eval/primitives.inc

# Native code: what the library has of it, and the module that links LLVM.
libtriad_la_SOURCES += lib/eval/native.h lib/eval/native_calls.h lib/eval/native_program.h lib/eval/native.c lib/eval/native_cache.h lib/eval/native_cache.c lib/eval/native_layout.h lib/eval/native_groups.c lib/eval/native_regions.c \
  lib/eval/native_program.c lib/eval/native_loops.h lib/eval/native_back.c lib/eval/native_lanes.h lib/eval/native_lanes.c lib/eval/native_layers.c lib/eval/native_steps.c
NATIVE_CFLAGS = -DNATIVE_MODULE='"$(pkglibdir)/triad-native.so"'
AM_CPPFLAGS += $(NATIVE_CFLAGS)
# For programs of the build tree: the module that is not installed yet.
NATIVE_BUILT = $(AM_CPPFLAGS) -DNATIVE_BUILT='"$(abs_top_builddir)/.libs/triad-native.so"'
if HAVE_LLVM
pkglib_LTLIBRARIES = triad-native.la
triad_native_la_SOURCES = lib/eval/native.h lib/eval/native_emit.h lib/eval/native_emit.c lib/eval/native_llvm.c
triad_native_la_CPPFLAGS = $(AM_CPPFLAGS) $(LLVM_CPPFLAGS)
triad_native_la_LIBADD = $(LLVM_LIBS)
triad_native_la_LDFLAGS = -module -avoid-version -shared -shrext .so -export-symbols-regex '^triad_native_module$$'
else
EXTRA_DIST += lib/eval/native_emit.h lib/eval/native_emit.c lib/eval/native_llvm.c
endif

# Array programs.
libtriad_la_SOURCES += lib/eval/arrays.h lib/eval/array_program.h lib/eval/array_chain.h lib/eval/arrays_call.c lib/eval/array_windows.h lib/eval/arrays_windows.c lib/eval/arrays_convolutions.c lib/eval/arrays_pooling.c lib/eval/arrays_nested.c \
  lib/eval/arrays_program.c lib/eval/array_scope.h lib/eval/arrays_nodes.c lib/eval/arrays_loops.c lib/eval/arrays_lower.c lib/eval/arrays_views.c lib/eval/arrays_updates.c \
  lib/eval/arrays_tasks.c lib/eval/arrays_pairs.c lib/eval/arrays_memory.c lib/eval/arrays_chain.c lib/eval/arrays_chain_run.c lib/eval/arrays_sum.c \
  lib/eval/arrays_product.c lib/eval/arrays_parts.c lib/eval/arrays_structured.c lib/eval/arrays_last.c

# Products of floats, by either library.
libtriad_la_SOURCES += lib/eval/products.h lib/eval/products.c

# Lanes: kernels once for each instruction set.
libtriad_la_SOURCES += lib/eval/bytes.h lib/eval/instruction_sets.h lib/eval/lanes.h lib/eval/lanes.c lib/eval/lanes_compile.c lib/eval/lanes_run.c lib/eval/map.c
noinst_HEADERS += lib/eval/lane_kernels.h
noinst_LTLIBRARIES += liblanes-default.la
LANE_SOURCES = lib/eval/lane_double.c lib/eval/lane_float.c
liblanes_default_la_SOURCES = $(LANE_SOURCES)
liblanes_default_la_CFLAGS = $(AM_CFLAGS) $(LANE_CFLAGS)
LANE_LIBS = liblanes-default.la
if LANES_AVX2
noinst_LTLIBRARIES += liblanes-avx2.la
liblanes_avx2_la_SOURCES = $(LANE_SOURCES)
liblanes_avx2_la_CFLAGS = $(AM_CFLAGS) $(LANE_CFLAGS) $(LANE_AVX2_CFLAGS) -DLANE_ID=avx2 -DLANE_BYTES=32
LANE_LIBS += liblanes-avx2.la
endif
if LANES_AVX512
noinst_LTLIBRARIES += liblanes-avx512.la
liblanes_avx512_la_SOURCES = $(LANE_SOURCES)
liblanes_avx512_la_CFLAGS = $(AM_CFLAGS) $(LANE_CFLAGS) $(LANE_AVX512_CFLAGS) -DLANE_ID=avx512 -DLANE_BYTES=64
LANE_LIBS += liblanes-avx512.la
endif
libtriad_la_LIBADD += $(LANE_LIBS) $(SLEEF_LIBS) $(ONEDNN_LIBS) $(CBLAS_LIBS)
libtriad_core_la_LIBADD += $(LANE_LIBS) $(SLEEF_LIBS) $(ONEDNN_LIBS) $(CBLAS_LIBS)

# Kernels over images, once for each instruction set; only these may contract a*b + c.
libtriad_la_SOURCES += lib/eval/convolution.h lib/eval/convolution.c
noinst_HEADERS += lib/eval/image_kernels.h lib/eval/convolution_kernels.h lib/eval/pooling_kernels.h
IMAGE_CFLAGS = $(AM_CFLAGS) $(LANE_CFLAGS) $(CONTRACT_CFLAGS)
IMAGE_SOURCES = lib/eval/image_double.c lib/eval/image_float.c
noinst_LTLIBRARIES += libimages-default.la
libimages_default_la_SOURCES = $(IMAGE_SOURCES)
libimages_default_la_CFLAGS = $(IMAGE_CFLAGS)
IMAGE_LIBS = libimages-default.la
if LANES_AVX2
noinst_LTLIBRARIES += libimages-avx2.la
libimages_avx2_la_SOURCES = $(IMAGE_SOURCES)
libimages_avx2_la_CFLAGS = $(IMAGE_CFLAGS) $(LANE_AVX2_CFLAGS) -DLANE_ID=avx2 -DLANE_BYTES=32
IMAGE_LIBS += libimages-avx2.la
endif
if LANES_AVX512
noinst_LTLIBRARIES += libimages-avx512.la
libimages_avx512_la_SOURCES = $(IMAGE_SOURCES)
libimages_avx512_la_CFLAGS = $(IMAGE_CFLAGS) $(LANE_AVX512_CFLAGS) -DLANE_ID=avx512 -DLANE_BYTES=64
IMAGE_LIBS += libimages-avx512.la
endif
libtriad_la_LIBADD += $(IMAGE_LIBS)
libtriad_core_la_LIBADD += $(IMAGE_LIBS)
