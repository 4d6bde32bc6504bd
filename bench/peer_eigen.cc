// SPDX-License-Identifier: LGPL-3.0-or-later
// link: -O3 -march=native -DNDEBUG
// Eigen's AutoDiff on the problems of problems.h: dual numbers whose derivatives are a vector, of fixed size for two variables
// and of dynamic size for 1000, so that each operation there costs 1000.
#if __has_include(<Eigen/Core>)
#include <Eigen/Core>
#include <unsupported/Eigen/AutoDiff>
#else
#include <eigen3/Eigen/Core>
#include <eigen3/unsupported/Eigen/AutoDiff>
#endif

#include <vector>

#include "bench/peers.h"

namespace {

using Pair = Eigen::AutoDiffScalar<Eigen::Vector2d>;
using Many = Eigen::AutoDiffScalar<Eigen::VectorXd>;

Pair f(const Pair &x, const Pair &y) { return x * x * y + y + 2.0; }

Pair g(const Pair &x, const Pair &y) {
  return exp(sin(x * y)) * sqrt(x * x + y * y) + atan2(y, x);
}

template <Pair of(const Pair &, const Pair &)>
void map(void *, size_t n, const double *x, const double *y, double *value, double *dx,
         double *dy) {
  for (size_t i = 0; i < n; i++) {
    Pair result = of(Pair(x[i], 2, 0), Pair(y[i], 2, 1));
    value[i] = result.value();
    dx[i] = result.derivatives()[0];
    dy[i] = result.derivatives()[1];
  }
}

double call(void *, const double *x, double *gradient) {
  double value;
  map<f>(nullptr, 1, x, x + 1, &value, gradient, gradient + 1);
  return value;
}

Many speelpenning(const std::vector<Many> &x) {
  Many product = x[0];
  for (size_t i = 1; i < x.size(); i++) product *= x[i];
  return product;
}

Many rosenbrock(const std::vector<Many> &x) {
  Many sum(0.0, Eigen::VectorXd::Zero(Eigen::Index(x.size())));
  for (size_t i = 0; i + 1 < x.size(); i++) {
    Many t = x[i + 1] - x[i] * x[i], u = 1.0 - x[i];
    sum += 100.0 * t * t + u * u;
  }
  return sum;
}

template <Many of(const std::vector<Many> &)>
double gradient_of(void *data, const double *x, double *gradient) {
  std::vector<Many> &in = *static_cast<std::vector<Many> *>(data);
  for (size_t i = 0; i < in.size(); i++) in[i].value() = x[i];
  Many result = of(in);
  Eigen::VectorXd::Map(gradient, result.derivatives().size()) = result.derivatives();
  return result.value();
}

} // namespace

int main() {
  const size_t n = peer_size("speelpenning");
  std::vector<Many> in;
  for (size_t i = 0; i < n; i++) in.emplace_back(0.0, int(n), int(i));
  bool right = peer_map("map-f", "eigen", map<f>, nullptr);
  right &= bool(peer_map("map-g", "eigen", map<g>, nullptr));
  right &= bool(peer_point("speelpenning", "eigen", gradient_of<speelpenning>, &in));
  right &= bool(peer_point("rosenbrock", "eigen", gradient_of<rosenbrock>, &in));
  right &= bool(peer_point("per-call", "eigen", call, nullptr));
  return right ? 0 : 1;
}
