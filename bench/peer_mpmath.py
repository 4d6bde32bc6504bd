#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-3.0-or-later
# The expression of bench_verify.c in mpmath: its gradient to 1,000 digits, by its numerical differentiation.
import sys
import time

try:
    import mpmath
except ImportError:
    print('no mpmath (Debian: python3-mpmath)', file=sys.stderr)
    sys.exit(77)

VARIABLES, BLOCKS = 50, 87


def f(x):
    v = list(x)
    for k in range(BLOCKS):
        a = v[VARIABLES + k - 1 - k * 7 % VARIABLES]
        b = v[VARIABLES + k - 1 - (k * 13 + 5) % VARIABLES]
        s = mpmath.sin(a * b)
        t = mpmath.tanh(s - a)
        e = mpmath.exp(t)
        v.append(mpmath.sin((a / e + mpmath.sqrt(e)) * s - t))
    return sum(v[-VARIABLES:])


mpmath.mp.dps = 1000
point = [mpmath.mpf(0.5 + i / 64) for i in range(VARIABLES)]
start = time.perf_counter()
for i in range(VARIABLES):
    mpmath.diff(lambda t: f(point[:i] + [t] + point[i + 1:]), point[i])
print('reference\tgradient-1000-certain-digits\t%g\tmpmath' % (time.perf_counter() - start))
