/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* ADOL-C's traceless forward mode, which its manual advises for few variables, on the problems of problems.h that have two; its header
 * needs Boost. link: -O3 -ladolc */
#include <adolc/adtl.h>

#include "bench/peers.h"

namespace {

adtl::adouble f(const adtl::adouble &x, const adtl::adouble &y) { return x * x * y + y + 2.0; }

adtl::adouble g(const adtl::adouble &x, const adtl::adouble &y) {
  return exp(sin(x * y)) * sqrt(x * x + y * y) + atan2(y, x);
}

template <adtl::adouble of(const adtl::adouble &, const adtl::adouble &)>
void map(void *, size_t n, const double *x, const double *y, double *value, double *dx,
         double *dy) {
  const double east[] = {1.0, 0.0}, north[] = {0.0, 1.0};
  for (size_t i = 0; i < n; i++) {
    adtl::adouble a(x[i], east), b(y[i], north), result = of(a, b);
    value[i] = result.getValue();
    dx[i] = result.getADValue(0);
    dy[i] = result.getADValue(1);
  }
}

double call(void *, const double *x, double *gradient) {
  double value;
  map<f>(nullptr, 1, x, x + 1, &value, gradient, gradient + 1);
  return value;
}

} // namespace

int main() {
  adtl::setNumDir(2);
  bool right = peer_map("map-f", "adolc", map<f>, nullptr);
  right &= bool(peer_map("map-g", "adolc", map<g>, nullptr));
  return right & bool(peer_point("per-call", "adolc-traceless", call, nullptr)) ? 0 : 1;
}
