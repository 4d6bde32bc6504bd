# SPDX-License-Identifier: LGPL-3.0-or-later
# Benchmarks. TRIAD_BENCH += bench/bench_graph is built from bench/bench_graph.c; TRIAD_PEERS += bench/peer_ginac from
# bench/peer_ginac.cc, with the libraries in a comment "link: -lginac -lcln"; one whose library is missing is skipped.
# TRIAD_SCRIPT_PEERS are programs in Python.
noinst_HEADERS += bench/bench.h
EXTRA_DIST += bench/run
TRIAD_BENCH += bench/bench_graph
TRIAD_PEERS += bench/peer_ginac
TRIAD_BENCH += bench/bench_calculus
TRIAD_BENCH += bench/bench_eval
TRIAD_BENCH += bench/bench_map
TRIAD_BENCH += bench/bench_verify
TRIAD_BENCH += bench/bench_tape
TRIAD_PEERS += bench/peer_adolc
TRIAD_SCRIPT_PEERS += bench/peer_mpmath
noinst_HEADERS += bench/tape_problems.h

bench: $(TRIAD_BENCH) triad$(EXEEXT)
	CXX='$(TRIAD_CXX)' TRIAD='$(abs_top_builddir)/triad$(EXEEXT)' \
	  bash $(top_srcdir)/bench/run '$(top_srcdir)' $(TRIAD_BENCH) -- $(TRIAD_PEERS) $(TRIAD_SCRIPT_PEERS)
.PHONY: bench
