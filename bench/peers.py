# SPDX-License-Identifier: LGPL-3.0-or-later
# What a comparison with a library of Python is given; peers.h and peers.c, loaded here, say more. Import this before the library: it
# keeps to one thread. A library that is not installed is looked for in other Pythons (bench/run): leave with absent().
import ctypes
import os
import sys
import time

for name in 'OMP_NUM_THREADS', 'OPENBLAS_NUM_THREADS', 'MKL_NUM_THREADS':
    os.environ[name] = '1'
if hasattr(os, 'sched_setaffinity'):
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})

SECONDS = 1.5


def absent(what):
    print(what, file=sys.stderr)
    sys.exit(77)


try:
    import numpy
except ImportError:
    absent('no numpy (bench/peers-venv, or Debian: python3-numpy)')

try:
    lib = ctypes.CDLL(os.path.abspath('bench/libpeers.so'))
except OSError as e:
    absent(e)
_array = numpy.ctypeslib.ndpointer(numpy.float64, flags='C_CONTIGUOUS')
_name = ctypes.c_char_p
lib.peer_size.argtypes, lib.peer_size.restype = [_name], ctypes.c_size_t
lib.peer_inputs.argtypes, lib.peer_inputs.restype = [_name, _array, _array], None
lib.peer_by_hand.argtypes, lib.peer_by_hand.restype = [_name] + 5 * [_array], None
lib.peer_plain_seconds.argtypes = [_name] + 3 * [_array] + [ctypes.c_int]
lib.peer_plain_seconds.restype = ctypes.c_double


class Problem:
    """map-f and map-g have points in x and y, and a value and two derivatives for each; the others one point x, one value and
    a gradient."""

    def __init__(self, name):
        self.name, self.key = name, name.encode()
        self.n = n = lib.peer_size(self.key)
        self.many = name.startswith('map-')
        self.x, self.y = numpy.zeros(n), numpy.zeros(n if self.many else 1)
        self._value = numpy.zeros(n if self.many else 1)
        lib.peer_inputs(self.key, self.x, self.y)

    def by_hand(self):
        value, dx, dy = (numpy.zeros(self.n) for _ in range(3))
        lib.peer_by_hand(self.key, self.x, self.y, value, dx, dy)
        return (value, dx, dy) if self.many else (value[:1], dx)

    def check(self, who, found):
        for a, b in zip(found, self.by_hand(), strict=True):
            a = numpy.asarray(a, dtype=numpy.float64).ravel()
            wrong = ~(abs(a - b) <= 1e-11 * (1e-2 + abs(b))) if a.shape == b.shape else [True]
            if numpy.any(wrong):
                sys.exit('%s:%s: value or gradient is wrong' % (self.name, who))

    def plain(self, runs):
        return lib.peer_plain_seconds(self.key, self.x, self.y, self._value, runs)


def _runs(seconds):
    return 1 if seconds >= 1e-4 else int(1e-4 / (seconds + 1e-9)) + 1


def compare(name, who, prepare):
    """Checks and measures one library on a problem and prints its row. prepare(problem) returns two functions: one computes value and
    gradient and has them ready when it returns; the other gives what was computed, as arrays."""
    problem = Problem(name)
    run, results = prepare(problem)

    def library(runs):
        start = time.perf_counter()
        for _ in range(runs):
            run()
        return time.perf_counter() - start

    run()  # compiles, where that is so
    problem.check(who, results())
    ways = []
    for way in library, problem.plain:
        runs = _runs(way(1))
        ways.append([way, runs, way(runs) / runs])
    end, turns = time.perf_counter() + SECONDS, 0
    while turns < 5 or time.perf_counter() < end:
        turns += 1
        for w in ways:
            w[2] = min([w[2]] + [w[0](w[1]) / w[1] for _ in range(3)])
    unit, units = ('ns/point', 1e9 / problem.n) if problem.many else ('us', 1e6)
    print('result\t%s:%s\t%.6g\t%s\t-\t1' % (name, who, ways[0][2] * units, unit))
    print('reference\t%s:%s\t%.6g\tplain C' % (name, who, ways[1][2] * units), flush=True)


def compare_all(who, prepare):
    """prepare(problem) as for compare."""
    for name in 'map-f', 'map-g', 'speelpenning', 'rosenbrock':
        compare(name, who, prepare)
