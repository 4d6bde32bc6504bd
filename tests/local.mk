# SPDX-License-Identifier: LGPL-3.0-or-later
# Tests. A new one is one line: TRIAD_TESTS += tests/graph/test_parse (its source is tests/graph/test_parse.c, and it
# links libtriad-core, libtriadtool and Check), or TRIAD_SHELL_TESTS += tests/tool/repl.sh.
noinst_HEADERS += tests/runner.h tests/failing.h tests/native.h

TRIAD_TESTS += tests/base/test_version
TRIAD_TESTS += tests/base/test_text
TRIAD_TESTS += tests/base/test_number
TRIAD_TESTS += tests/graph/test_graph
TRIAD_TESTS += tests/graph/test_index
TRIAD_TESTS += tests/graph/test_print tests/graph/test_print_laws tests/graph/test_print_c tests/graph/test_print_dot tests/graph/test_print_sizes
noinst_HEADERS += tests/graph/printing.h tests/graph/programs.h
TRIAD_OOM += tests/oom/oom_print
TRIAD_TESTS += tests/graph/test_lex
TRIAD_TESTS += tests/graph/test_parse
TRIAD_TESTS += tests/graph/test_parse_names
TRIAD_TESTS += tests/graph/test_arrays
TRIAD_TESTS += tests/numbers/test_domains
TRIAD_TESTS += tests/calculus/test_derivative
TRIAD_TESTS += tests/calculus/test_choice
TRIAD_TESTS += tests/calculus/test_taylor
TRIAD_TESTS += tests/calculus/test_size tests/calculus/test_simplify
TRIAD_TESTS += tests/calculus/test_depth
TRIAD_OOM += tests/oom/oom_calculus
noinst_HEADERS += tests/random.h tests/calculus/helper.h tests/eval/helper.h tests/eval/modes.h
TRIAD_TESTS += tests/eval/test_laws
TRIAD_TESTS += tests/eval/test_function
TRIAD_TESTS += tests/eval/test_kinks
TRIAD_TESTS += tests/eval/test_deep
TRIAD_TESTS += tests/eval/test_emit
TRIAD_TESTS += tests/eval/test_taylor_run tests/eval/test_taylor_rows
TRIAD_TESTS += tests/eval/test_lanes tests/eval/test_loops tests/eval/test_loop_edges tests/eval/test_loop_memory tests/eval/test_loop_threads tests/eval/test_scans
TRIAD_THREADS += tests/eval/test_lanes tests/eval/test_loop_threads
TRIAD_TESTS += tests/eval/test_native tests/eval/test_native_loops
tests_eval_test_native_CPPFLAGS = $(NATIVE_BUILT)
TRIAD_TESTS += tests/eval/test_tensors tests/eval/test_last tests/eval/test_windows tests/eval/test_array_windows tests/eval/test_jacobian
tests_eval_test_loops_CPPFLAGS = $(NATIVE_BUILT)
tests_eval_test_native_loops_CPPFLAGS = $(NATIVE_BUILT)
tests_eval_test_scans_CPPFLAGS = $(NATIVE_BUILT)
TRIAD_TESTS += tests/eval/test_convolution tests/eval/test_pooling tests/eval/test_products
TRIAD_TESTS += tests/eval/test_array_calls tests/eval/test_array_programs
TRIAD_TESTS += tests/eval/test_sparse
TRIAD_THREADS += tests/eval/test_sparse
TRIAD_TESTS += tests/eval/test_threads
TRIAD_THREADS += tests/eval/test_threads
TRIAD_OOM += tests/oom/oom_eval tests/oom/oom_native tests/oom/oom_tensors tests/oom/oom_arrays
tests_oom_oom_native_CPPFLAGS = $(NATIVE_BUILT)
TRIAD_OOM += tests/oom/oom_verify
TRIAD_TESTS += tests/eval/test_tape
TRIAD_TESTS += tests/eval/test_tape_life
TRIAD_THREADS += tests/eval/test_tape_life
TRIAD_TESTS += tests/verify/test_gradcheck
TRIAD_TESTS += tests/verify/test_verify
TRIAD_TESTS += tests/verify/test_roundoff
TRIAD_TESTS += tests/verify/test_ways
tests_verify_test_ways_CPPFLAGS = $(NATIVE_BUILT)
noinst_HEADERS += tests/verify/roundoff.def
TRIAD_OOM += tests/oom/oom_verify
noinst_HEADERS += tests/io/helper.h
TRIAD_TESTS += tests/io/test_npy tests/io/test_csv tests/io/test_archive
TRIAD_OOM += tests/oom/oom_io
noinst_HEADERS += tests/nn/networks.h
TRIAD_TESTS += tests/nn/test_model tests/nn/test_losses tests/nn/test_functional tests/nn/test_built tests/nn/test_summary tests/nn/test_verify_network tests/nn/test_images
TRIAD_TESTS += tests/nn/test_optimizers tests/nn/test_progress tests/nn/test_train tests/nn/test_fit tests/nn/test_step_memory
TRIAD_OOM += tests/oom/oom_train
# What Keras computes and prints; tests/nn/cases.py asks it.
TRIAD_TESTS += tests/nn/test_keras tests/nn/test_keras_train
tests_nn_test_keras_CPPFLAGS = $(AM_CPPFLAGS) -DKERAS_FOLDER='"$(abs_top_srcdir)/tests/nn"'
tests_nn_test_keras_train_CPPFLAGS = $(tests_nn_test_keras_CPPFLAGS)
noinst_HEADERS += tests/nn/keras.h tests/nn/keras_models.h
EXTRA_DIST += tests/nn/cases.py tests/nn/keras-float64.npz tests/nn/keras-float32.npz tests/nn/keras-summary-mlp.txt \
  tests/nn/keras-summary-cnn.txt tests/nn/keras-summary-two-inputs.txt
TRIAD_THREADS += tests/nn/test_train
noinst_HEADERS += tests/nn/training.h
TRIAD_TESTS += tests/nn/test_config tests/nn/test_file
TRIAD_OOM += tests/oom/oom_model
TRIAD_TESTS += tests/nn/test_gradcheck
TRIAD_OOM += tests/oom/oom_gradcheck
TRIAD_TESTS += tests/corpus/test_corpus
EXTRA_DIST += tests/tool/lib.sh
EXTRA_DIST += tests/corpus/corpus.txt tests/corpus/cases.txt tests/corpus/make.py tests/corpus/mgh.py
TRIAD_OOM += tests/oom/oom_graph
TRIAD_OOM += tests/oom/oom_parse
TRIAD_FUZZ += tests/fuzz/fuzz_parse
EXTRA_DIST += tests/fuzz/fuzz_parse.dict tests/fuzz/fuzz_parse.seeds
TRIAD_FUZZ += tests/fuzz/fuzz_io tests/fuzz/fuzz_model
EXTRA_DIST += tests/fuzz/fuzz_io.seeds tests/fuzz/fuzz_model.seeds
TRIAD_SHELL_TESTS += tests/base/exports.sh
TRIAD_SHELL_TESTS += tests/base/headers.sh
TRIAD_SHELL_TESTS += tests/examples/examples.sh
TRIAD_SHELL_TESTS += tests/bench/run.sh tests/bench/adbench.sh tests/bench/gradbench.sh
EXTRA_DIST += tests/bench/gradbench.py
TRIAD_TESTS += tests/tool/test_session
TRIAD_TESTS += tests/tool/test_repl
TRIAD_SHELL_TESTS += tests/tool/certified.sh tests/corpus/numbers.sh
TRIAD_SHELL_TESTS += tests/tool/sessions.sh tests/tool/errors.sh tests/tool/arrays.sh tests/tool/files.sh tests/tool/guards.sh tests/tool/status.sh tests/tool/emit.sh tests/tool/networks.sh tests/tool/help_examples.sh tests/tool/deep.sh tests/doc/sessions.sh tests/doc/manual.sh

# The laws of rows, which the test of the library's table and the test of corrupted ones share.
noinst_HEADERS += tests/laws/laws.h
TRIAD_LAWS = tests/laws/laws.c tests/laws/law_modes.c tests/laws/law_series.c tests/laws/law_domains.c \
  tests/laws/law_identities.c
tests_eval_test_laws_SOURCES = tests/eval/test_laws.c $(TRIAD_LAWS)
tests_eval_test_taylor_rows_SOURCES = tests/eval/test_taylor_rows.c $(TRIAD_LAWS)
tests_eval_test_emit_LDADD = $(LDADD) -ldl
tests_mutate_mutate_SOURCES = tests/mutate/mutate.c $(TRIAD_LAWS)
TRIAD_MUTATE += tests/mutate/mutate

# How accurate the rows are: a short run is a test, a long one makes the manual's table (doc/accuracy.texi, which is committed).
TRIAD_TESTS += tests/accuracy/accuracy
tests_accuracy_accuracy_SOURCES = tests/accuracy/accuracy.c tests/accuracy/accuracy.h \
  tests/accuracy/measure.c tests/accuracy/points.c
ACCURACY_POINTS = 100000
accuracy: tests/accuracy/accuracy$(EXEEXT)
	tests/accuracy/accuracy$(EXEEXT) $(ACCURACY_POINTS) >accuracy.tmp
	mv accuracy.tmp '$(top_srcdir)/doc/accuracy.texi'

# How tests are run. A script finds the tool in $TRIAD, the sources in $srcdir and its scratch space in the current
# folder, which is the build folder. The tests install nothing and need no network.
AM_TESTS_ENVIRONMENT = \
  CK_DEFAULT_TIMEOUT=$${CK_DEFAULT_TIMEOUT:-120}; export CK_DEFAULT_TIMEOUT; \
  TRIAD='$(abs_top_builddir)/triad$(EXEEXT)'; export TRIAD; \
  CC='$(CC)'; export CC; CXX='$(TRIAD_CXX)'; export CXX; NM='$(NM)'; export NM; \
  abs_srcdir='$(abs_top_srcdir)'; export abs_srcdir;
TEST_EXTENSIONS = .sh
LOG_DRIVER = env AM_TAP_AWK='$(AWK)' $(SHELL) $(top_srcdir)/build-aux/tap-driver.sh
SH_LOG_DRIVER = $(LOG_DRIVER)
SH_LOG_COMPILER = $(SHELL) $(top_srcdir)/build-aux/tap-sh

if HAVE_CHECK
check_PROGRAMS += $(TRIAD_TESTS)
TESTS = $(TRIAD_TESTS) $(TRIAD_SHELL_TESTS)
$(TRIAD_SHELL_TESTS:.sh=.log): triad$(EXEEXT) libtriad.la
else
TESTS =
check-local:
	@echo 'make check needs Check >= 0.15 (https://libcheck.github.io; Debian: check). configure did not find it.' >&2
	@exit 1
endif

# The same tests, looked at in other ways. $(TREE) makes a second build tree below this one and runs make there.
TREE = AM_MAKE='$(MAKE)' $(SHELL) $(top_srcdir)/build-aux/tree '$(abs_top_srcdir)'
TAP_RUN = $(AM_TESTS_ENVIRONMENT) $(SHELL) $(top_srcdir)/build-aux/tap-run
SAN_FLAGS = -g -O1 -fno-omit-frame-pointer
VALGRIND_FLAGS = -q --error-exitcode=99 --leak-check=full --errors-for-leak-kinds=definite,indirect,possible

# One make after the other: two at once would build the same library twice in one place.
ASAN_TREE = $(TREE) asan --disable-shared CC='$(CC)' \
  CFLAGS='$(SAN_FLAGS) -fsanitize=address,undefined -fno-sanitize-recover=all' --
check-asan:
	+$(ASAN_TREE) -k check CK_FORK=no UBSAN_OPTIONS=print_stacktrace=1
	+$(ASAN_TREE) check-oom CK_FORK=no UBSAN_OPTIONS=print_stacktrace=1

check-threads:
	+$(TREE) tsan --disable-shared CC='$(CC)' CFLAGS='$(SAN_FLAGS) -fsanitize=thread' -- run-threads CK_FORK=no
run-threads: $(TRIAD_THREADS)
	@$(TAP_RUN) --fixed-addresses $(TRIAD_THREADS)

check-oom: $(TRIAD_OOM)
	@$(TAP_RUN) $(TRIAD_OOM)

check-valgrind: $(check_PROGRAMS)
	@test -n '$(VALGRIND)' || { echo 'check-valgrind needs valgrind, which configure did not find' >&2; exit 1; }
	CK_FORK=no $(MAKE) check TESTS='$(TRIAD_TESTS)' TEST_SUITE_LOG=valgrind.log \
	  LOG_COMPILER='$(VALGRIND)' AM_LOG_FLAGS='$(VALGRIND_FLAGS)'

# de_DE.UTF-8, compiled into the build folder where the system does not have it.
check-locale:
	$(SHELL) $(top_srcdir)/build-aux/locale locale-dir
	LOCPATH='$(abs_builddir)/locale-dir' LC_ALL=de_DE.UTF-8 LANG=de_DE.UTF-8 LANGUAGE=en \
	  $(MAKE) check TEST_SUITE_LOG=locale.log

# The examples against an installed library, from a scratch installation.
check-install:
	rm -rf stage
	$(MAKE) install DESTDIR='$(abs_builddir)/stage' >stage.log 2>&1 || { cat stage.log; exit 1; }
	$(MAKE) installcheck DESTDIR='$(abs_builddir)/stage'

FUZZ_SECONDS = 60
fuzz:
	@test -n '$(CLANG)' || { echo 'fuzz needs clang, which configure did not find' >&2; exit 1; }
	+$(TREE) fuzz-tree --disable-shared CC='$(CLANG)' \
	  CFLAGS='$(SAN_FLAGS) -fsanitize=address,undefined,fuzzer-no-link -fno-sanitize-recover=undefined' -- \
	  run-fuzz LDFLAGS=-fsanitize=fuzzer FUZZ_SECONDS='$(FUZZ_SECONDS)'
run-fuzz: $(TRIAD_FUZZ)
	$(SHELL) $(top_srcdir)/build-aux/fuzz '$(top_srcdir)' '$(FUZZ_SECONDS)' $(TRIAD_FUZZ)

# MUTATE_FLAGS is for the program; a short run is for .ci/run.
MUTATE_FLAGS =
mutate: $(TRIAD_MUTATE)
	@$(TAP_RUN) $(TRIAD_MUTATE) -- $(MUTATE_FLAGS)

lint: $(BUILT_SOURCES)
	@CC='$(CC)' CLANG='$(CLANG)' CLANG_FORMAT='$(CLANG_FORMAT)' CLANG_TIDY='$(CLANG_TIDY)' CPPCHECK='$(CPPCHECK)' \
	  $(SHELL) $(top_srcdir)/build-aux/lint '$(top_srcdir)' $(DEFS) $(NATIVE_BUILT) $(LLVM_CPPFLAGS) $(CPPFLAGS) $(AM_CFLAGS) -- $(TRIAD_WARNINGS)

format:
	cd $(top_srcdir) && $(CLANG_FORMAT) -i `find lib tools tests examples bench -name '*.[ch]'`

installcheck-local:
	CC='$(CC)' CXX='$(TRIAD_CXX)' PKG_CONFIG='$(PKG_CONFIG)' DESTDIR='$(DESTDIR)' bindir='$(bindir)' \
	  libdir='$(libdir)' pkgconfigdir='$(pkgconfigdir)' static='$(enable_static)' TRIAD_WITHOUT='$(TRIAD_WITHOUT)' \
	  $(SHELL) $(top_srcdir)/build-aux/installcheck '$(top_srcdir)' $(TRIAD_EXAMPLES)

clean-local:
	rm -rf asan tsan fuzz-tree locale-dir lint.cppcheck stage stage.log installcheck examples-check \
	  bench-run emit-test tool-emit tool-networks tool-sessions tool-arrays tool-files tool-status tool-help tool-errors tool-guards tool-deep tool-certified doc-sessions

.PHONY: check-asan check-threads run-threads check-oom check-valgrind check-locale check-install fuzz run-fuzz \
  mutate lint format accuracy
