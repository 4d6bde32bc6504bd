/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Products of matrices of floats, by whichever library is faster for their shape.
 *
 * oneDNN 2.6 against OpenBLAS 0.3.21, one thread with AVX-512, times as fast: 1.5 for [32, 784] by
 * [784, 300], 1.3 for [784, 32] by [32, 300], 1.1 to 1.3 for the like with 128 and 256; but 0.6 to
 * 0.9 below a million multiplications, for which OpenBLAS has kernels of their own, unless b is
 * turned (1.2 to 1.8). Convolutions are not oneDNN's: triad's (convolution.h) were faster in every
 * shape that was measured, 1.2 to 25 times in oneDNN's own layouts of kernels. */
#include "eval/products.h"

#include "config.h"

#if HAVE_ONEDNN
#include <dnnl.h>
#include <omp.h>

enum { MANY = 1000000, MANY_TURNED = 30000 };

static bool by_onednn(int m, int n, int k, bool turned) {
  double work = (double)m * (double)n * (double)k;
  return work > MANY || (turned && n >= 64 && work > MANY_TURNED);
}

/* The number of OpenMP's threads is this thread's own (OpenMP 5.0, 2.5.1: nthreads-var has one copy
 * for each data environment), and as before when this returns. */
static bool onednn_sgemm(int m, int n, int k, float alpha, struct float_matrix a,
                         struct float_matrix b, float beta, float *c, int leading) {
  int threads = omp_get_max_threads();
  if (threads != 1) omp_set_num_threads(1);
  dnnl_status_t status = dnnl_sgemm(a.turned ? 'T' : 'N', b.turned ? 'T' : 'N', m, n, k, alpha,
                                    a.data, a.leading, b.data, b.leading, beta, c, leading);
  if (threads != 1) omp_set_num_threads(threads);
  return status == dnnl_success;
}
#endif

void tri__sgemm(int m, int n, int k, float alpha, struct float_matrix a, struct float_matrix b,
                float beta, float *c, int leading) {
#if HAVE_ONEDNN
  if (by_onednn(m, n, k, b.turned) && onednn_sgemm(m, n, k, alpha, a, b, beta, c, leading)) return;
#endif
  cblas_sgemm(CblasRowMajor, a.turned ? CblasTrans : CblasNoTrans,
              b.turned ? CblasTrans : CblasNoTrans, m, n, k, alpha, a.data, a.leading, b.data,
              b.leading, beta, c, leading);
}
