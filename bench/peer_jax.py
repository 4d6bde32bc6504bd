#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-3.0-or-later
# JAX on the problems of problems.h: jit of value_and_grad, by vmap at many points, in float64 on the processor.
import os

import peers

os.environ['JAX_PLATFORMS'] = 'cpu'
os.environ['XLA_FLAGS'] = '--xla_cpu_multi_thread_eigen=false'
try:
    import jax
    import jax.numpy as np
except (ImportError, RuntimeError):
    peers.absent('no jax (bench/peers-venv)')
jax.config.update('jax_enable_x64', True)

OBJECTIVES = {
    'map-f': lambda x, y: x * x * y + y + 2.0,
    'map-g': lambda x, y: np.exp(np.sin(x * y)) * np.sqrt(x * x + y * y) + np.arctan2(y, x),
    'speelpenning': lambda x: np.prod(x),
    'rosenbrock': lambda x: np.sum(100.0 * (x[1:] - x[:-1] ** 2) ** 2 + (1.0 - x[:-1]) ** 2),
}


def prepare(problem):
    of = OBJECTIVES[problem.name]
    if problem.many:
        of = jax.jit(jax.vmap(jax.value_and_grad(of, argnums=(0, 1))))
        at = jax.device_put(problem.x), jax.device_put(problem.y)
    else:
        of = jax.jit(jax.value_and_grad(of, argnums=(0,)))
        at = jax.device_put(problem.x),
    last = []

    def run():
        value, gradient = jax.block_until_ready(of(*at))
        last[:] = value, *gradient

    return run, lambda: last


peers.compare_all('jax', prepare)
