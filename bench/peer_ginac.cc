// SPDX-License-Identifier: LGPL-3.0-or-later
// link: -lginac -lcln
// GiNaC on the work of bench_calculus: gradient and Hessian of the sum over 50 samples of (tanh(w.x + b) - y)^2 with 30
// weights, as formulas; the time is that of the derivatives, of the Hessian its lower triangle. The samples are those of
// bench_calculus: rationals from a linear congruential generator.
#include <ginac/ginac.h>

#include <cstdint>
#include <cstdio>
#include <vector>

extern "C" {
#include "bench/bench.h"
}

static std::uint64_t state = 1;
static GiNaC::numeric sample() {
  state = state * 6364136223846793005u + 1442695040888963407u;
  return GiNaC::numeric(static_cast<long>(state >> 40) - (1 << 23), 1 << 23);
}

int main() {
  const int samples = 50, weights = 30;
  std::vector<GiNaC::symbol> w;
  for (int i = 0; i < weights; i++) w.emplace_back("w" + std::to_string(i));
  GiNaC::symbol b("b");
  GiNaC::ex sum = 0;
  for (int s = 0; s < samples; s++) {
    GiNaC::ex z = b;
    for (int i = 0; i < weights; i++) z += w[i] * sample();
    sum += pow(tanh(z) - sample(), 2);
  }
  double start = bench_seconds();
  std::vector<GiNaC::ex> all;
  for (int i = 0; i < weights; i++) {
    GiNaC::ex d = sum.diff(w[i]);
    all.push_back(d);
    for (int j = 0; j <= i; j++) all.push_back(d.diff(w[j]));
  }
  bench_reference("gradient-hessian-fit-30-time", "GiNaC", 1e3 * (bench_seconds() - start));
  return all.size() == weights * (weights + 3) / 2 ? 0 : 1;
}
