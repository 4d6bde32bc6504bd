#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-3.0-or-later
# CasADi on the problems of problems.h: functions of scalar operations with their gradient, compiled by the C compiler at -O3 where there
# is one (`jit`), mapped over many points, and called with arrays in place (`buffer`). And the sparse Hessians of sparse.h, from an
# expression to the first values, and values again; interpreted, since compiling 100,000 operations alone takes minutes.
import os
import shutil
import sys
import tempfile
import time

import peers

try:
    import casadi
except ImportError:
    peers.absent('no casadi (bench/peers-venv)')
numpy = peers.numpy

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
    results = [numpy.zeros(f.nnz_out(i)) for i in range(f.n_out())]
    for i, a in enumerate(at):
        buffer.set_arg(i, memoryview(a))
    for i, a in enumerate(results):
        buffer.set_res(i, memoryview(a))
    return (lambda: (buffer, run())), lambda: results


def sparse_term(x, following):
    return casadi.sumsqr(10.0 * (following - x ** 2)) + casadi.sumsqr(1.0 - x)


def sparse_objective(x, step):
    n = x.numel()  # [:-1:2] is one element in CasADi 3.8.2
    return sparse_term(x[0:n - 1:step], x[1:n:step])


def check_sparse(name, hessian, x, step):
    """hessian is a matrix of CasADi's, both triangles."""
    at, diagonal, below = numpy.arange(0, x.size - 1, step), numpy.zeros(x.size), numpy.zeros(x.size - 1)
    diagonal[at] = 1200.0 * x[at] ** 2 - 400.0 * x[at + 1] + 2.0
    diagonal[at + 1] += 200.0
    below[at] = -400.0 * x[at]
    row, column = (numpy.array(i) for i in hessian.sparsity().get_triplet())
    expected = numpy.where(row == column, diagonal[row], 0.0)
    expected += numpy.where(abs(row - column) == 1, below[numpy.minimum(row, column) % below.size], 0.0)
    found = numpy.array(hessian.nonzeros())
    same = abs(found - expected) <= 1e-11 * (1e-2 + abs(expected))
    if not same.all() or numpy.count_nonzero(expected) != numpy.count_nonzero(diagonal) + 2 * numpy.count_nonzero(below):
        sys.exit('%s:casadi: the Hessian is wrong' % name)


def sparse_hessian(name, step, symbols):
    """Seconds from an expression of these symbols to first values, and of values again."""
    n = 100000
    i = numpy.arange(n)
    x = numpy.where(i % 3, 1.0, -1.0) * (1.0 + i / n)
    start = time.perf_counter()
    at = symbols.sym('x', n)
    f = casadi.Function('h', [at], [casadi.hessian(sparse_objective(at, step), at)[0]])
    values = f(x)
    total = time.perf_counter() - start
    check_sparse(name, values, x, step)
    start = time.perf_counter()
    f(x)
    return total, time.perf_counter() - start


def compare_sparse(name, step):
    """The better of its two kinds of symbols; the least of three times each."""
    total, again = min(sparse_hessian(name, step, s) for s in (casadi.SX, casadi.MX) for _ in range(3))
    print('result\t%s:casadi\t%.6g\ts\t-\t1' % (name, total))
    print('result\t%s-values:casadi\t%.6g\tms\t-\t1' % (name, again * 1e3), flush=True)


if not shutil.which(COMPILER):
    JIT = {}
with tempfile.TemporaryDirectory() as folder:  # for what the compiler is given
    os.chdir(folder)
    peers.compare_all('casadi', prepare)
    os.chdir('/')
compare_sparse('sparse-hessian', 2)
compare_sparse('sparse-hessian-chain', 1)
