#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-3.0-or-later
# autograd (NumPy) on the problems of problems.h: value and gradient of whole arrays by make_vjp.
import peers

try:
    import autograd
    import autograd.numpy as np
except ImportError:
    peers.absent('no autograd (bench/peers-venv)')

OBJECTIVES = {
    'map-f': lambda x, y: x * x * y + y + 2.0,
    'map-g': lambda x, y: np.exp(np.sin(x * y)) * np.sqrt(x * x + y * y) + np.arctan2(y, x),
    'speelpenning': lambda x: np.prod(x),
    'rosenbrock': lambda x: np.sum(100.0 * (x[1:] - x[:-1] ** 2) ** 2 + (1.0 - x[:-1]) ** 2),
}


def prepare(problem):
    objective = OBJECTIVES[problem.name]
    at = (problem.x, problem.y) if problem.many else (problem.x,)
    weights = np.ones(problem.n) if problem.many else 1.0
    last = []

    def run():
        vjp, value = autograd.make_vjp(lambda variables: objective(*variables))(at)
        last[:] = value, *vjp(weights)

    return run, lambda: last


peers.compare_all('autograd', prepare)
