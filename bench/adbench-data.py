#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-3.0-or-later
"""Data of the text forms of ADBench, made from a seed:

    python3 bench/adbench-data.py FOLDER [--sizes tiny|small|large] [--seed N]

writes FOLDER/gmm/*.txt, FOLDER/ba/*.txt, FOLDER/lstm/*.txt and FOLDER/hand/*/ (a folder model and instances), for
bench/bench_gmm FOLDER/gmm/*.txt and so on, and FOLDER/values: of each file, the objective (the sum of squares of its errors, where
it has many), as it is computed here, from its definition.
"""
import argparse
import math
import os
import random

SIZES = {
    "tiny": {"gmm": [(2, 3, 5), (3, 2, 4)], "ba": [(2, 3, 7)], "lstm": [(1, 4, 3), (2, 9, 5)], "hand": [(6, 4), (9, 12)]},
    "small": {
        "gmm": [(2, 5, 1000), (10, 25, 1000)],
        "ba": [(49, 7776, 31843)],
        "lstm": [(2, 1024, 14), (4, 1024, 14)],
        "hand": [(544, 100), (544, 192)],
    },
    "large": {
        "gmm": [(10, 25, 10000), (64, 25, 1000), (64, 25, 10000)],
        "ba": [(138, 19878, 85217)],
        "lstm": [(2, 4096, 14), (4, 4096, 14)],
        "hand": [(10000, 100), (10000, 200)],
    },
}


class Writer:
    """Files below a folder, and their values."""

    def __init__(self, folder):
        self.folder = folder
        self.values = []

    def write(self, name, lines, value=None):
        path = os.path.join(self.folder, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="ascii") as file:
            for line in lines:
                file.write(line + "\n")
        if value is not None:
            self.values.append(f"{name} {value!r}")

    def close(self):
        self.write("values", self.values)


def text(numbers):
    return " ".join(repr(x) for x in numbers)


# --- gmm


def log_sum_exp(x):
    most = max(x)
    return most + math.log(sum(math.exp(e - most) for e in x))


def columns_below(d):
    """Where each number of a factor below its diagonal is, column by column."""
    return [(row, column) for column in range(d) for row in range(column + 1, d)]


def gmm_distance(d, x, mean, icf):
    """The sum of squares of Q (x - mean)."""
    centred = [a - b for a, b in zip(x, mean)]
    y = [math.exp(icf[i]) * centred[i] for i in range(d)]
    for value, (row, column) in zip(icf[d:], columns_below(d)):
        y[row] += value * centred[column]
    return sum(e * e for e in y)


def gmm_value(d, alphas, means, icfs, points, gamma, m):
    n, k = len(points), len(alphas)
    total = -0.5 * n * d * math.log(2 * math.pi) - n * log_sum_exp(alphas)
    for x in points:
        total += log_sum_exp([a + sum(q[:d]) - 0.5 * gmm_distance(d, x, mean, q)
                              for a, mean, q in zip(alphas, means, icfs)])
    degrees = d + m + 1
    gammas = 0.25 * d * (d - 1) * math.log(math.pi) + sum(math.lgamma(0.5 * (degrees - j)) for j in range(d))
    total -= k * (degrees * d * (math.log(gamma) - 0.5 * math.log(2)) - gammas)
    for q in icfs:
        squares = sum(math.exp(2 * e) for e in q[:d]) + sum(e * e for e in q[d:])
        total += 0.5 * gamma * gamma * squares - m * sum(q[:d])
    return total


def write_gmm(out, rng, size):
    d, k, n = size
    gamma, m = 1.0, 0
    alphas = [rng.gauss(0, 1) for _ in range(k)]
    means = [[rng.random() for _ in range(d)] for _ in range(k)]
    icfs = [[rng.gauss(0, 1) / math.sqrt(d) for _ in range(d * (d + 1) // 2)] for _ in range(k)]
    points = [[rng.gauss(0, 1) for _ in range(d)] for _ in range(n)]
    lines = [f"{d} {k} {n}"] + [repr(a) for a in alphas] + [text(x) for x in means + icfs + points]
    out.write(f"gmm/gmm_d{d}_K{k}_n{n}.txt", lines + [f"{gamma} {m}"],
              gmm_value(d, alphas, means, icfs, points, gamma, m))


# --- bundle adjustment


def cross(a, b):
    return [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]]


def dot(a, b):
    return sum(x * y for x, y in zip(a, b))


def rodrigues(r, x):
    angle = math.sqrt(dot(r, r))
    w = [e / angle for e in r]
    c, s, along = math.cos(angle), math.sin(angle), dot(w, x) * (1 - math.cos(angle))
    return [a * c + b * s + e * along for a, b, e in zip(x, cross(w, x), w)]


def ba_error(camera, point, weight, feature):
    x = rodrigues(camera[:3], [a - b for a, b in zip(point, camera[3:6])])
    u, v = x[0] / x[2], x[1] / x[2]
    square = u * u + v * v
    scale = 1 + camera[9] * square + camera[10] * square * square
    seen = [u * scale * camera[6] + camera[7], v * scale * camera[6] + camera[8]]
    return [weight * (a - b) for a, b in zip(seen, feature)]


def write_ba(out, rng, size):
    """One camera, point, weight and feature, which stand for all."""
    n, m, p = size
    camera = [rng.uniform(0.1, 1) for _ in range(3)] + [rng.uniform(-1, 1) for _ in range(2)] + [-5.0]
    camera += [500.0, rng.uniform(-9, 9), rng.uniform(-9, 9), 0.01 * rng.random(), 0.001 * rng.random()]
    point, weight = [rng.uniform(-1, 1) for _ in range(3)], rng.uniform(0.5, 1.5)
    feature = [rng.uniform(-100, 100) for _ in range(2)]
    error = ba_error(camera, point, weight, feature) + [1 - weight * weight]
    out.write(f"ba/ba_n{n}_m{m}_p{p}.txt",
              [f"{n} {m} {p}", text(camera), text(point), repr(weight), text(feature)], p * dot(error, error))


# --- lstm


def sigmoid(x):
    return 1 / (1 + math.exp(-x))


def lstm_layer(weight, bias, state, said):
    """A layer's weights and biases by gate, and its state, which is changed."""
    hidden, cell = state
    for k, x in enumerate(said):
        forget = sigmoid(x * weight[0][k] + bias[0][k])
        enter = sigmoid(hidden[k] * weight[1][k] + bias[1][k])
        leave = sigmoid(x * weight[2][k] + bias[2][k])
        change = math.tanh(hidden[k] * weight[3][k] + bias[3][k])
        cell[k] = cell[k] * forget + enter * change
        hidden[k] = leave * math.tanh(cell[k])
    return hidden


def lstm_value(params, extra, states, bits):
    states = [[list(row) for row in state] for state in states]
    total = 0.0
    for now, should in zip(bits, bits[1:]):
        said = [x * w for x, w in zip(now, extra[0])]
        for (weight, bias), state in zip(params, states):
            said = lstm_layer(weight, bias, state, said)
        said = [x * w + b for x, w, b in zip(said, extra[1], extra[2])]
        rest = math.log(2 + sum(math.exp(x) for x in said))
        total += sum(s * (x - rest) for s, x in zip(should, said))
    return -total / (len(bits[0]) * (len(bits) - 1))


def write_lstm(out, rng, size):
    layers, characters, b = size
    rows = lambda n: [[rng.random() for _ in range(b)] for _ in range(n)]
    params, extra, states = [(rows(4), rows(4)) for _ in range(layers)], rows(3), [rows(2) for _ in range(layers)]
    bits = [[float(x) for x in format(rng.getrandbits(b), f"0{b}b")] for _ in range(characters)]
    lines = [f"{layers} {characters} {b}", ""]
    lines += [text(sum(gates, [])) for layer in params for gates in layer] + [""]
    lines += [text(row) for row in extra] + [""]
    lines += [text(row) for state in states for row in state] + [""]
    lines += [" ".join(str(int(x)) for x in row) for row in bits]
    out.write(f"lstm/lstm_l{layers}_c{characters}_b{b}.txt", lines, lstm_value(params, extra, states, bits))


# --- hand

NAMES = ["wrist"] + [f"{finger}{i}" for finger in ("thumb", "index", "middle", "ring", "pinky") for i in range(1, 5)]
NAMES += ["forearm"]
PARENTS = [-1] + [0 if i % 4 == 1 else i - 1 for i in range(1, 22)]


def matrix_product(a, b):
    columns = list(zip(*b))
    return [[dot(row, column) for column in columns] for row in a]


def around(axis, angle):
    """A rotation around axis 0, 1 or 2, as a 4 × 4 matrix."""
    r = [[float(i == j) for j in range(4)] for i in range(4)]
    i, j = (axis + 1) % 3, (axis + 2) % 3
    r[i][i] = r[j][j] = math.cos(angle)
    r[j][i] = math.sin(angle)
    r[i][j] = -math.sin(angle)
    return r


def shifted(rotation, shift):
    return [row[:3] + [x] for row, x in zip(rotation, shift)] + [rotation[3]]


def inverse(place):
    turned = [[place[j][i] for j in range(3)] for i in range(3)]
    return [row + [-dot(row, [place[j][3] for j in range(3)])] for row in turned] + [place[3]]


def chain(relatives):
    places = []
    for relative, parent in zip(relatives, PARENTS):
        places.append(relative if parent < 0 else matrix_product(places[parent], relative))
    return places


def hand_poses(theta):
    """The rotation of each bone."""
    bend, spread = [0.0] * len(NAMES), [0.0] * len(NAMES)
    for finger in range(5):
        bone, angles = 2 + 4 * finger, theta[6 + 4 * finger:10 + 4 * finger]
        bend[bone], spread[bone], bend[bone + 1], bend[bone + 2] = angles
    return [matrix_product(around(2, s), around(0, b)) for b, s in zip(bend, spread)]


def hand_value(relatives, inverses, vertices, points, theta):
    places = chain([matrix_product(r, pose) for r, pose in zip(relatives, hand_poses(theta))])
    bones = [matrix_product(place, back) for place, back in zip(places, inverses)]
    total = 0.0
    for vertex, seen in points:
        at, weights = vertices[vertex]
        moved = [sum(w * dot(bones[b][i], at + [1.0]) for b, w in weights) for i in range(3)]
        moved = [x + shift for x, shift in zip(rodrigues(theta[:3], moved), theta[3:6])]
        total += sum((a - b) ** 2 for a, b in zip(seen, moved))
    return total


def hand_vertex(rng):
    bones = sorted(rng.sample(range(len(NAMES)), rng.randint(1, 5)))
    shares = [rng.uniform(0.1, 1) for _ in bones]
    return [rng.uniform(-1, 1) for _ in range(3)], [(b, s / sum(shares)) for b, s in zip(bones, shares)]


def vertex_line(rng, vertex):
    at, weights = vertex
    numbers = at + [rng.uniform(-1, 1) for _ in range(3)] + [rng.random() for _ in range(2)]
    bones = [f"{bone}:{weight!r}" for bone, weight in weights]
    return ":".join([repr(x) for x in numbers] + [str(len(weights))] + bones)


def write_hand(out, rng, size):
    count, n = size
    turn = lambda: matrix_product(around(0, rng.uniform(-1, 1)), around(1, rng.uniform(-1, 1)))
    relatives = [shifted(turn(), [rng.uniform(-1, 1) for _ in range(3)]) for _ in NAMES]
    inverses = [inverse(place) for place in chain(relatives)]
    vertices = [hand_vertex(rng) for _ in range(count)]
    points = [(rng.randrange(count), [rng.uniform(-1, 1) for _ in range(3)]) for _ in range(n)]
    theta = [rng.uniform(-1, 1) for _ in range(26)]
    flat = lambda place: ":".join(repr(x) for row in place for x in row)
    folder = f"hand/v{count}_c{n}"
    out.write(f"{folder}/model/bones.txt", [f"{name}:{parent}:{flat(relative)}:{flat(back)}" for name, parent, relative, back
                                            in zip(NAMES, PARENTS, relatives, inverses)])
    out.write(f"{folder}/model/vertices.txt", [vertex_line(rng, vertex) for vertex in vertices])
    out.write(f"{folder}/model/triangles.txt", [f"{i}:{i + 1}:{i + 2}" for i in range(count - 2)])
    lines = [f"{n} {len(theta)}"] + [f"{vertex} {text(seen)}" for vertex, seen in points] + [repr(x) for x in theta]
    out.write(f"{folder}/hand_t26_c{n}.txt", lines, hand_value(relatives, inverses, vertices, points, theta))


def main():
    parser = argparse.ArgumentParser(description="Data of the text forms of ADBench, made from a seed.")
    parser.add_argument("folder")
    parser.add_argument("--sizes", choices=sorted(SIZES), default="small")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    out = Writer(options.folder)
    for kind, write in (("gmm", write_gmm), ("ba", write_ba), ("lstm", write_lstm), ("hand", write_hand)):
        for size in SIZES[options.sizes][kind]:
            write(out, random.Random(f"{options.seed} {kind} {size}"), size)
    out.close()


if __name__ == "__main__":
    main()
