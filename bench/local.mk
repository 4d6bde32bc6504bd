# SPDX-License-Identifier: LGPL-3.0-or-later
# Benchmarks. TRIAD_BENCH += bench/bench_graph is built from bench/bench_graph.c; TRIAD_PEERS += bench/peer_ginac from
# bench/peer_ginac.cc, with the flags and libraries in a comment "link: -O3 -lginac -lcln"; one whose library is missing is skipped.
# TRIAD_SCRIPT_PEERS are programs in Python, looked for in bench/venv (make bench-venv) and in the system. Both find the plain
# objectives in what bench/peers.h declares, or take bench/peers.py.
noinst_HEADERS += bench/bench.h
EXTRA_DIST += bench/run
TRIAD_BENCH += bench/bench_graph
TRIAD_PEERS += bench/peer_ginac
TRIAD_BENCH += bench/bench_calculus
TRIAD_BENCH += bench/bench_eval
TRIAD_BENCH += bench/bench_map
TRIAD_BENCH += bench/bench_verify bench/bench_gradcheck
TRIAD_BENCH += bench/bench_tape
TRIAD_PEERS += bench/peer_adolc
TRIAD_PEERS += bench/peer_adolc_traceless bench/peer_eigen
TRIAD_SCRIPT_PEERS += bench/peer_mpmath bench/peer_casadi bench/peer_jax bench/peer_autograd bench/peer_torch bench/peer_torch_train
EXTRA_DIST += bench/peers.c bench/peers.py bench/peers-venv
CLEANFILES += bench/peers.o bench/libpeers.so
noinst_HEADERS += bench/tape_problems.h bench/problems.h bench/peers.h
TRIAD_BENCH += bench/bench_gradient bench/bench_native bench/bench_gmm bench/bench_ba bench/bench_sparse bench/bench_scan bench/bench_lstm bench/bench_hand
noinst_HEADERS += bench/gmm.h bench/ba.h bench/sparse.h bench/scan.h bench/lstm.h bench/hand.h
noinst_HEADERS += bench/files.h
noinst_HEADERS += bench/graphs.h bench/gmm_graph.h bench/ba_graph.h bench/lstm_graph.h bench/hand_graph.h
EXTRA_DIST += bench/adbench-data.py
TRIAD_BENCH += bench/bench_train
noinst_HEADERS += bench/train.h bench/train_mlp.h bench/train_cnn.h bench/train_graph.h
bench_bench_train_CFLAGS = $(AM_CFLAGS) $(LANE_CFLAGS) $(BENCH_CFLAGS)
bench_bench_train_LDADD = $(LDADD) $(CBLAS_LIBS)
tests/bench/adbench.log: bench/bench_gmm$(EXEEXT) bench/bench_ba$(EXEEXT) bench/bench_lstm$(EXEEXT) bench/bench_hand$(EXEEXT)
bench_bench_gradient_CPPFLAGS = $(NATIVE_BUILT)
bench_bench_native_CPPFLAGS = $(NATIVE_BUILT)
bench_bench_gmm_CPPFLAGS = $(NATIVE_BUILT)
bench_bench_ba_CPPFLAGS = $(NATIVE_BUILT)
bench_bench_hand_CPPFLAGS = $(NATIVE_BUILT)

# The tool of the GradBench suite, through the library's public face alone: make bench/gradbench/gradbench; make check builds it as well.
EXTRA_DIST += bench/gradbench/README.md bench/gradbench/Dockerfile bench/gradbench/evals.txt
GRADBENCH = bench/gradbench/gradbench$(EXEEXT)
bench_gradbench_gradbench_SOURCES = bench/gradbench/main.c bench/gradbench/read.c bench/gradbench/model.c \
  bench/gradbench/small.c bench/gradbench/gmm.c bench/gradbench/ba.c bench/gradbench/kmeans.c bench/gradbench/ode.c \
  bench/gradbench/lstm.c bench/gradbench/ht.c bench/gradbench/descend.c bench/gradbench/particle.c \
  bench/gradbench/saddle.c bench/gradbench/gradbench.h bench/gradbench/descend.h bench/gradbench/problems.def
bench_gradbench_gradbench_CPPFLAGS = $(NATIVE_BUILT)
bench_gradbench_gradbench_CFLAGS = $(AM_CFLAGS) $(JANSSON_CFLAGS)
bench_gradbench_gradbench_LDADD = libtriad.la $(JANSSON_LIBS)
if HAVE_JANSSON
EXTRA_PROGRAMS += bench/gradbench/gradbench
tests/bench/gradbench.log: $(GRADBENCH)
else
EXTRA_DIST += $(bench_gradbench_gradbench_SOURCES)
bench/gradbench/gradbench$(EXEEXT):
	@echo '$@ needs Jansson >= 2.11 (https://github.com/akheron/jansson; Debian: libjansson-dev), which configure did not find.' >&2
	@exit 1
endif

bench: $(TRIAD_BENCH) triad$(EXEEXT)
	CC='$(CC)' CXX='$(TRIAD_CXX)' TRIAD='$(abs_top_builddir)/triad$(EXEEXT)' \
	  bash $(top_srcdir)/bench/run '$(top_srcdir)' $(TRIAD_BENCH) -- $(TRIAD_PEERS) $(TRIAD_SCRIPT_PEERS)

# The libraries of Python that benchmarks compare with, below the build folder.
bench-venv:
	bash $(top_srcdir)/bench/peers-venv bench/venv

distclean-local:
	rm -rf bench/venv

.PHONY: bench bench-venv
