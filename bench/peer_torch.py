#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-3.0-or-later
# PyTorch on the problems of problems.h: autograd on whole arrays in float64, one thread.
import peers

try:
    import torch
except ImportError:
    peers.absent('no torch (Debian: python3-torch)')
torch.set_num_threads(1)

OBJECTIVES = {
    'map-f': lambda x, y: x * x * y + y + 2.0,
    'map-g': lambda x, y: torch.exp(torch.sin(x * y)) * torch.sqrt(x * x + y * y) + torch.atan2(y, x),
    'speelpenning': lambda x: torch.prod(x),
    'rosenbrock': lambda x: torch.sum(100.0 * (x[1:] - x[:-1] ** 2) ** 2 + (1.0 - x[:-1]) ** 2),
}


def prepare(problem):
    objective = OBJECTIVES[problem.name]
    arrays = (problem.x, problem.y) if problem.many else (problem.x,)
    at = [torch.tensor(a.tolist(), dtype=torch.float64, requires_grad=True) for a in arrays]
    weights = torch.ones(problem.n, dtype=torch.float64) if problem.many else None
    last = []

    def run():
        value = objective(*at)
        last[:] = value.detach(), *torch.autograd.grad(value, at, weights)

    return run, lambda: [a.tolist() for a in last]


peers.compare_all('torch', prepare)
