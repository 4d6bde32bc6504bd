#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-3.0-or-later
# CasADi on the problems of problems.h: functions of scalar operations with their gradient, compiled by the C compiler at -O3 where there
# is one (`jit`), mapped over many points, and called with arrays in place (`buffer`).
import os
import shutil
import tempfile

import peers

try:
    import casadi
except ImportError:
    peers.absent('no casadi (bench/peers-venv)')

COMPILER = os.environ.get('CC', 'cc').split()[0]
JIT = {'jit': True, 'compiler': 'shell', 'jit_options': {'compiler': COMPILER, 'flags': ['-O3', '-march=native']}}


def objective(name, x, y):
    if name == 'map-f':
        return x * x * y + y + 2.0
    if name == 'map-g':
        return casadi.exp(casadi.sin(x * y)) * casadi.sqrt(x * x + y * y) + casadi.atan2(y, x)
    if name == 'speelpenning':
        product = x[0]
        for i in range(1, x.numel()):
            product *= x[i]
        return product
    return casadi.sumsqr(10.0 * (x[1:] - x[:-1] ** 2)) + casadi.sumsqr(1.0 - x[:-1])


def function(problem):
    x, y = casadi.SX.sym('x', 1 if problem.many else problem.n), casadi.SX.sym('y')
    value = objective(problem.name, x, y)
    if problem.many:
        f = casadi.Function('f', [x, y], [value, casadi.gradient(value, x), casadi.gradient(value, y)])
        # A map is compiled, with the loop over the points, as a part of another function.
        rows = casadi.MX.sym('rows_x', 1, problem.n), casadi.MX.sym('rows_y', 1, problem.n)
        return casadi.Function('mapped', rows, f.map(problem.n, 'serial')(*rows), JIT)
    return casadi.Function('f', [x], [value, casadi.gradient(value, x)], JIT)


def prepare(problem):
    f = function(problem)
    buffer, run = f.buffer()
    at = (problem.x, problem.y) if problem.many else (problem.x,)
    results = [peers.numpy.zeros(f.nnz_out(i)) for i in range(f.n_out())]
    for i, a in enumerate(at):
        buffer.set_arg(i, memoryview(a))
    for i, a in enumerate(results):
        buffer.set_res(i, memoryview(a))
    return (lambda: (buffer, run())), lambda: results


if not shutil.which(COMPILER):
    JIT = {}
with tempfile.TemporaryDirectory() as folder:  # for what the compiler is given
    os.chdir(folder)
    peers.compare_all('casadi', prepare)
    os.chdir('/')
