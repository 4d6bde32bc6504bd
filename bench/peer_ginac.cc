// SPDX-License-Identifier: LGPL-3.0-or-later
// link: -O2 -lginac -lcln -ldl
// GiNaC. On the problems of problems.h, and on the work of bench_calculus: gradient and Hessian of the sum over 50 samples of (tanh(w.x + b) - y)^2 with 30
// weights, as formulas; the time is that of the derivatives, of the Hessian its lower triangle. The samples are those of
// bench_calculus: rationals from a linear congruential generator.
#include <ginac/ginac.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "bench/bench.h"
#include "bench/peers.h"

namespace {

std::uint64_t state = 1;
GiNaC::numeric sample() {
  state = state * 6364136223846793005u + 1442695040888963407u;
  return GiNaC::numeric(static_cast<long>(state >> 40) - (1 << 23), 1 << 23);
}

// Whether there are as many derivatives as there should be.
bool fit() {
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
  return all.size() == weights * (weights + 3) / 2;
}

// --- the problems of problems.h: value and derivatives as formulas, which GiNaC's compile_ex makes C of and compiles

struct Compiled {
  GiNaC::FUNCP_CUBA function;
  int variables, results;
};

// "" or why it cannot be compiled: the program is missing that compile_ex calls (Debian: ginac-tools).
std::string compile(const GiNaC::ex &of, const std::vector<GiNaC::symbol> &x, Compiled *to) {
  GiNaC::lst results{of}, symbols;
  for (const GiNaC::symbol &s : x) {
    results.append(of.diff(s));
    symbols.append(s);
  }
  to->variables = int(x.size());
  to->results = int(x.size()) + 1;
  try {
    GiNaC::compile_ex(results, symbols, to->function);
  } catch (const std::exception &e) { return e.what(); }
  return "";
}

void map(void *data, size_t n, const double *x, const double *y, double *value, double *dx,
         double *dy) {
  const Compiled &c = *static_cast<const Compiled *>(data);
  for (size_t i = 0; i < n; i++) {
    const double at[] = {x[i], y[i]};
    double result[3];
    c.function(&c.variables, at, &c.results, result);
    value[i] = result[0];
    dx[i] = result[1];
    dy[i] = result[2];
  }
}

double gradient(void *data, const double *x, double *gradient) {
  const Compiled &c = *static_cast<const Compiled *>(data);
  static std::vector<double> result;
  result.resize(size_t(c.results));
  c.function(&c.variables, x, &c.results, result.data());
  std::copy(result.begin() + 1, result.end(), gradient);
  return result[0];
}

GiNaC::ex rosenbrock(const std::vector<GiNaC::symbol> &x) {
  GiNaC::ex sum = 0;
  for (size_t i = 0; i + 1 < x.size(); i++)
    sum += 100 * pow(x[i + 1] - pow(x[i], 2), 2) + pow(1 - x[i], 2);
  return sum;
}

bool compare() {
  setenv("CXXFLAGS", "-O3 -march=native", 1); // of what compile_ex compiles
  std::vector<GiNaC::symbol> two{GiNaC::symbol("x"), GiNaC::symbol("y")}, many;
  for (size_t i = 0; i < peer_size("rosenbrock"); i++) many.emplace_back("x" + std::to_string(i));
  const GiNaC::symbol &x = two[0], &y = two[1];
  Compiled f, g, sum;
  std::string why = compile(pow(x, 2) * y + y + 2, two, &f);
  if (why.empty())
    why = compile(exp(sin(x * y)) * sqrt(pow(x, 2) + pow(y, 2)) + atan2(y, x), two, &g);
  if (why.empty()) why = compile(rosenbrock(many), many, &sum);
  if (!why.empty()) {
    std::fprintf(stderr, "bench: GiNaC is left out at points: %s (Debian: ginac-tools)\n", why.c_str());
    return true;
  }
  bool right = peer_map("map-f", "ginac", map, &f);
  right &= bool(peer_map("map-g", "ginac", map, &g));
  right &= bool(peer_point("rosenbrock", "ginac", gradient, &sum));
  std::fputs("bench: GiNaC has no row speelpenning: the formulas of its gradient are of 1,000,000 factors\n", stderr);
  return right & bool(peer_point("per-call", "ginac", gradient, &f));
}

} // namespace

int main() {
  bool right = fit();
  return compare() && right ? 0 : 1;
}
