/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Derivatives of a C program that decides for itself where to go: the height of a ball that is thrown up, loses speed to the air,
 * and bounces. How often it bounces, and when, depends on the numbers; the derivative follows the way that was taken. And
 * Newton's iteration for a square root, which stops when it is good enough: the derivative of its result is that of the root. */
#include <stdio.h>
#include <stdlib.h>
#include <triad.h>

static void check(tri_status status) {
  if (status == TRI_OK) return;
  fprintf(stderr, "tape: %s\n", tri_status_meaning(status));
  exit(EXIT_FAILURE);
}

static tri_var number(double x) { return tri_tape_constant(x); }

/* Height after four seconds, in steps of 1/256 s: speed v at the start, drag c, and b of the speed is left after a bounce. */
static tri_var ball(tri_tape *t, tri_var v, tri_var c, tri_var b, int *bounces) {
  tri_var height = number(1), speed = v, step = number(1.0 / 256);
  *bounces = 0;
  for (int i = 0; i < 1024; i++) {
    tri_var drag = tri_tape_mul(t, c, tri_tape_mul(t, speed, tri_tape_abs(t, speed)));
    tri_var change = tri_tape_add(t, number(9.81), drag);
    speed = tri_tape_sub(t, speed, tri_tape_mul(t, step, change));
    height = tri_tape_add(t, height, tri_tape_mul(t, step, speed));
    if (height.value < 0 && speed.value < 0) { /* plain C on the value */
      height = tri_tape_neg(t, height);
      speed = tri_tape_neg(t, tri_tape_mul(t, b, speed));
      ++*bounces;
    }
  }
  return height;
}

static double plain_ball(double v, double c, double b) {
  double height = 1, speed = v;
  for (int i = 0; i < 1024; i++) {
    speed -= (9.81 + c * speed * (speed < 0 ? -speed : speed)) / 256;
    height += speed / 256;
    if (height < 0 && speed < 0) {
      height = -height;
      speed = -(b * speed);
    }
  }
  return height;
}

static void show_ball(tri_tape *t) {
  static const char *const names[] = {"speed", "drag", "bounce"};
  double at[] = {5, 0.05, 0.75}, gradient[3];
  tri_var inputs[3];
  int bounces;
  tri_tape_clear(t);
  for (int i = 0; i < 3; i++) inputs[i] = tri_tape_input(t, at[i]);
  tri_var height = ball(t, inputs[0], inputs[1], inputs[2], &bounces);
  check(tri_tape_gradient(t, height, 3, inputs, gradient));
  printf("a ball: height %.6f m after 4 s and %d bounces\n", height.value, bounces);
  for (int i = 0; i < 3; i++) {
    double up[] = {at[0], at[1], at[2]}, down[] = {at[0], at[1], at[2]}, h = 1e-6;
    up[i] += h;
    down[i] -= h;
    double slope =
        (plain_ball(up[0], up[1], up[2]) - plain_ball(down[0], down[1], down[2])) / (2 * h);
    printf("  by %-6s  %9.5f   differences of plain C: %9.5f\n", names[i], gradient[i], slope);
  }
}

/* x <- (x + a/x) / 2 from x = a until the step is small. */
static void show_root(tri_tape *t, double value) {
  int steps = 0;
  tri_tape_clear(t);
  tri_var a = tri_tape_input(t, value), x = a, last;
  do {
    last = x;
    x = tri_tape_mul(t, number(0.5), tri_tape_add(t, x, tri_tape_div(t, a, x)));
    steps++;
  } while (x.value - last.value > 1e-9 || last.value - x.value > 1e-9);
  check(tri_tape_sweep(t, x));
  printf("  %6g: root %.9f after %2d steps, derivative %.9f, 1/(2 root) = %.9f\n", value, x.value,
         steps, tri_tape_adjoint(t, a), 0.5 / x.value);
}

int main(void) {
  tri_tape *tape = tri_tape_new();
  if (!tape) check(TRI_MEMORY);
  show_ball(tape);
  puts("Newton's iteration for a root, on the same tape again and again:");
  show_root(tape, 2);
  show_root(tape, 100);
  show_root(tape, 0.01);
  check(tri_tape_status(tape));
  tri_tape_free(tape);
  return EXIT_SUCCESS;
}
