# SPDX-License-Identifier: LGPL-3.0-or-later
# Examples are built by make installcheck, against the installed library: x.c is compiled and run, x.tri is run by
# the installed tool, and the output is compared with x.expected (x.tri.expected for the script) where there is one.
# A comment "needs: gsl" in x.c names further pkg-config modules, "links: zlib.h -lz" a header and flags where there is no such
# module (build-aux/example-flags); "data: /usr/share/x" names what it reads, "triad with: zlib" what triad has to be built with to
# read it; without them the example is skipped. "checked with: --epochs 1" are its arguments here.
TRIAD_EXAMPLES += examples/partials.tri
TRIAD_EXAMPLES += examples/ten_lines.c examples/ten_lines.expected
TRIAD_EXAMPLES += examples/perceptron.c examples/perceptron.expected
TRIAD_EXAMPLES += examples/logistic.c examples/logistic.expected
TRIAD_EXAMPLES += examples/network_cost.c examples/network_cost.expected
TRIAD_EXAMPLES += examples/newton.c examples/newton.expected examples/newton.tri examples/newton.tri.expected
TRIAD_EXAMPLES += examples/gsl_minimise.c examples/gsl_minimise.expected
TRIAD_EXAMPLES += examples/activations.c examples/activations.expected examples/activations.tri examples/activations.tri.expected
TRIAD_EXAMPLES += examples/forward.c examples/forward.expected examples/forward.tri examples/forward.tri.expected
TRIAD_EXAMPLES += examples/neurons.c examples/neurons.expected examples/neurons.tri examples/neurons.tri.expected
TRIAD_EXAMPLES += examples/reverse.c examples/reverse.expected examples/reverse.tri examples/reverse.tri.expected
TRIAD_EXAMPLES += examples/dual.c examples/dual.expected examples/dual.tri examples/dual.tri.expected
TRIAD_EXAMPLES += examples/tape.c examples/tape.expected
TRIAD_EXAMPLES += examples/gradcheck.c examples/gradcheck.expected
TRIAD_EXAMPLES += examples/loops.c examples/loops.expected
TRIAD_EXAMPLES += examples/kalman.c examples/kalman.expected
TRIAD_EXAMPLES += examples/ipopt_minimise.c examples/ipopt_minimise.expected
TRIAD_EXAMPLES += examples/cvode_robertson.c examples/cvode_robertson.expected
TRIAD_EXAMPLES += examples/nlopt_likelihood.c examples/nlopt_likelihood.expected

# Networks for the tool: triad train xor.json --data xor.csv
NETWORK_EXAMPLES = examples/xor.json examples/xor.csv examples/fashion_mnist.json
dist_example_DATA += $(NETWORK_EXAMPLES)
TRIAD_EXAMPLES += examples/xor.c examples/xor.expected
TRIAD_EXAMPLES += examples/linear_classifier.c examples/linear_classifier.expected
TRIAD_EXAMPLES += examples/spiral.c
TRIAD_EXAMPLES += examples/gradient_magnitudes.c
TRIAD_EXAMPLES += examples/fashion_mnist.c
