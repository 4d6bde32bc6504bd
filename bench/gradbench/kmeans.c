/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* kmeans: the sum of squared distances of points to the nearest centroid, and Newton's direction:
 * the gradient over the Hessian, which is diagonal and so is its product with ones, forward over
 * reverse. */
#include "gradbench.h"

#include "bench/graphs.h"

enum { POINTS, CENTROIDS, D };

void kmeans_read(gb_job *job, const json_t *input) {
  int64_t points[2] = {-1, -1}, centroids[2] = {-1, -1};
  gb_array(job, input, "points", 2, points);
  centroids[1] = points[1];
  gb_array(job, input, "centroids", 2, centroids);
  job->size[POINTS] = points[0];
  job->size[CENTROIDS] = centroids[0];
  job->size[D] = points[1];
}

static tri_expr cost(tri_graph *g, const int64_t *size, tri_expr points, tri_expr centroids) {
  const int64_t d = size[D];
  tri_expr point = graph_array(g, "point", d, 0), centroid = graph_array(g, "centroid", d, 0);
  tri_expr least = tri_variable(g, "least"), off = tri_sub(point, centroid),
           distance = tri_dot(off, off);
  tri_expr first = tri_substitute(distance, 1, &centroid, (tri_expr[]){tri_element(centroids, 0)});
  const int64_t others = size[CENTROIDS] - 1;
  tri_expr nearest = first;
  if (others > 0)
    nearest = graph_fold(g, others, centroid, tri_slice(centroids, 1, others), 0, least, first,
                         tri_min(least, distance));
  return graph_over(g, size[POINTS], 1, &point, &points, nearest, 1);
}

void kmeans_build(gb_graph *b) {
  const int64_t *size = b->size;
  tri_expr points = graph_array(b->g, "points", size[POINTS], size[D]);
  tri_expr centroids = graph_array(b->g, "centroids", size[CENTROIDS], size[D]);
  tri_expr one = tri_integer(b->g, 1), by_centroids, hessian;
  gb_in(b, points);
  gb_in(b, centroids);
  tri_expr value = cost(b->g, size, points, centroids);
  if (b->mode == GB_VALUE) {
    gb_out(b, value);
  } else if (tri_gradient(value, 1, &centroids, &by_centroids) == TRI_OK &&
             tri_jvp(1, &by_centroids, 1, &centroids, &one, &hessian) == TRI_OK) {
    gb_out(b, tri_div(by_centroids, hessian));
  }
}

json_t *kmeans_write(const gb_model *m) {
  return gb_matrix(m->output[0], (size_t)m->size[CENTROIDS], (size_t)m->size[D]);
}
