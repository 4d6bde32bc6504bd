// SPDX-License-Identifier: LGPL-3.0-or-later
// link: -lginac -lcln
// GiNaC on the work of bench_calculus: gradient and Hessian of the sum over 50 samples of (tanh(w.x + b) - y)^2 with 30
// weights, as formulas. The samples are those of bench_calculus: small rationals from a linear congruential generator.
#include <ginac/ginac.h>

#include <cstdio>
#include <vector>

extern "C" {
#include "bench/bench.h"
}

static unsigned state = 1;
static GiNaC::numeric sample() {
  state = state * 1664525u + 1013904223u;
  return GiNaC::numeric(static_cast<int>(state >> 24) - 128, 64);
}

int main() {
  const int samples = 50, weights = 30;
  std::vector<GiNaC::symbol> w;
  for (int i = 0; i < weights; i++) w.emplace_back("w" + std::to_string(i));
  GiNaC::symbol b("b");
  double start = bench_seconds();
  GiNaC::ex sum = 0;
  for (int s = 0; s < samples; s++) {
    GiNaC::ex z = b;
    for (int i = 0; i < weights; i++) z += w[i] * sample();
    sum += pow(tanh(z) - sample(), 2);
  }
  w.push_back(b);
  std::vector<GiNaC::ex> all;
  for (auto &u : w) {
    GiNaC::ex d = sum.diff(u);
    all.push_back(d);
    for (auto &v : w) all.push_back(d.diff(v));
  }
  bench_reference("gradient and Hessian of a fit, 30 weights: time", "GiNaC", 1e3 * (bench_seconds() - start));
  return all.size() == w.size() * (w.size() + 1) ? 0 : 1;
}
