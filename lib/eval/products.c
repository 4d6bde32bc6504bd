/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Products of matrices of floats, by whichever library is faster for their shape.
 *
 * oneDNN 2.6 against OpenBLAS 0.3.21, one thread with AVX-512, times as fast: 1.5 for [32, 784] by
 * [784, 300], 1.3 for [784, 32] by [32, 300], 1.1 to 1.3 for the like with 128 and 256; but 0.6 to
 * 0.9 below a million multiplications, for which OpenBLAS has kernels of their own, unless b is
 * turned (1.2 to 1.8). Convolutions are not oneDNN's: in the shapes measured (3 by 3, 1 to 256
 * channels, images with channels last) its forward pass takes 0.85 to 1.2 times what triad's
 * (convolution.h) does, what comes back to images 0.9 to 35 times, and to kernels 2 to 20 times;
 * with kernels that lie as triad's, all take 1.1 times or more, mostly twice as much. */
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
