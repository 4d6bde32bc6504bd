# SPDX-License-Identifier: LGPL-3.0-or-later
"""Asks the tool of the GradBench suite (argv[1]) for all functions of all evals at small sizes and compares with the definitions computed here,
whose derivatives are imaginary parts at a complex step, exact to rounding; then sends what is no right message. Prints TAP."""
import cmath
import json
import math
import random
import subprocess
import sys

STEP = 1e-100


def gradient(f, x):
    """Of a function of a list of numbers that is analytic: f(x + i h e) = f(x) + i h f'(x), without a difference."""
    return [f([v + 1j * STEP * (i == k) for k, v in enumerate(x)]).imag / STEP for i in range(len(x))]


def jacobian(f, x):
    columns = [[y.imag / STEP for y in f([v + 1j * STEP * (i == k) for k, v in enumerate(x)])] for i in range(len(x))]
    return [list(row) for row in zip(*columns)]


def flat(x):
    return [v for row in x for v in (flat(row) if isinstance(row, list) else [row])]


def like(numbers, shape):
    """The numbers of a list in rows as `shape` has them."""
    it = iter(numbers)
    return [[next(it) for _ in row] for row in shape]


def real(x):
    return x.real if isinstance(x, complex) else x


def logsumexp(x):
    most = max(real(v) for v in x)
    return most + cmath.log(sum(cmath.exp(v - most) for v in x))


# --- the definitions


def llsq(x, n):
    total = 0
    for i in range(n):
        t = -1 + i * 2 / (n - 1)
        total += ((t > 0) - (t < 0) - sum(c * t**j for j, c in enumerate(x))) ** 2
    return total / 2


def det(a, ell):
    rows = [a[i * ell : (i + 1) * ell] for i in range(ell)]

    def minor(rows):
        if not rows:
            return 1
        return sum((-1) ** j * rows[0][j] * minor([r[:j] + r[j + 1 :] for r in rows[1:]]) for j in range(len(rows)))

    return minor(rows)


def ode(x, s):
    def slope(y):
        return [x[i] * (y[i - 1] if i else 1) for i in range(len(x))]

    def moved(y, h, k):
        return [a + h * b for a, b in zip(y, k)]

    y, h = [0.0] * len(x), 2 / s
    for _ in range(s):
        k1 = slope(y)
        k2 = slope(moved(y, h / 2, k1))
        k3 = slope(moved(y, h / 2, k2))
        k4 = slope(moved(y, h, k3))
        y = [v + h * (a + 2 * b + 2 * c + d) / 6 for v, a, b, c, d in zip(y, k1, k2, k3, k4)]
    return y


def gmm(p, alpha, mu, q, l):
    """log of the likelihood times the Wishart prior, by the density's formula."""
    d, k, gamma, m = p["d"], p["k"], p["gamma"], p["m"]
    total = -p["n"] * logsumexp(alpha)
    for x in p["x"]:
        terms = []
        for i in range(k):
            c = [a - b for a, b in zip(x, mu[i])]
            y = [cmath.exp(q[i][r]) * c[r] for r in range(d)]
            entries = iter(l[i])
            for column in range(d):
                for row in range(column + 1, d):
                    y[row] += next(entries) * c[column]
            terms.append(alpha[i] + sum(q[i]) - sum(v * v for v in y) / 2)
        total += logsumexp(terms)
    degrees = d + m + 1
    log_gamma = d * (d - 1) / 4 * math.log(math.pi) + sum(math.lgamma((degrees - j) / 2) for j in range(d))
    for i in range(k):
        frobenius = sum(cmath.exp(2 * v) for v in q[i]) + sum(v * v for v in l[i])
        total += m * sum(q[i]) - gamma**2 * frobenius / 2 + degrees * d * (math.log(gamma) - math.log(2) / 2) - log_gamma
    return total - p["n"] * d / 2 * math.log(2 * math.pi)


def ba(camera, point, weight, feature):
    """Rodrigues's formula; numbers may be complex."""
    r, x = camera[:3], [a - b for a, b in zip(point, camera[3:6])]
    angle = cmath.sqrt(sum(v * v for v in r))
    w = [v / angle for v in r]
    cross = [w[1] * x[2] - w[2] * x[1], w[2] * x[0] - w[0] * x[2], w[0] * x[1] - w[1] * x[0]]
    along = sum(a * b for a, b in zip(w, x)) * (1 - cmath.cos(angle))
    y = [x[i] * cmath.cos(angle) + cross[i] * cmath.sin(angle) + w[i] * along for i in range(3)]
    u, v = y[0] / y[2], y[1] / y[2]
    s = u * u + v * v
    scale = (1 + camera[9] * s + camera[10] * s * s) * camera[6]
    return [weight * (u * scale + camera[7] - feature[0]), weight * (v * scale + camera[8] - feature[1])]


def kmeans(points, centroids):
    """Cost, and centroid minus mean of the points that are nearest to it."""
    near = [[] for _ in centroids]
    cost = 0
    for p in points:
        distances = [sum((a - b) ** 2 for a, b in zip(p, c)) for c in centroids]
        cost += min(distances)
        near[distances.index(min(distances))].append(p)
    return cost, [[c[i] - sum(p[i] for p in own) / len(own) for i in range(len(c))] for c, own in zip(centroids, near)]


def sigmoid(x):
    return 1 / (1 + cmath.exp(-x))


def lstm(main, extra, state, sequence):
    b, total = len(extra[0]), 0
    state = [row[:] for row in state]
    for now, after in zip(sequence, sequence[1:]):
        said = [x * w for x, w in zip(now, extra[0])]
        for i in range(0, len(main), 2):
            w, bias, hidden, cell = main[i], main[i + 1], state[i], state[i + 1]
            for j in range(b):
                gate = lambda n, x: x * w[n * b + j] + bias[n * b + j]
                change = cmath.tanh(gate(3, hidden[j])) * sigmoid(gate(1, hidden[j]))
                out = sigmoid(gate(2, said[j]))
                cell[j] = cell[j] * sigmoid(gate(0, said[j])) + change
                hidden[j] = out * cmath.tanh(cell[j])
            said = hidden
        y = [v * w + c for v, w, c in zip(said, extra[1], extra[2])]
        all_of = cmath.log(2 + sum(cmath.exp(v) for v in y))
        total += sum(a * (v - all_of) for a, v in zip(after, y))
    return -total / ((len(sequence) - 1) * b)


def product(a, b):
    return [[sum(x * y for x, y in zip(row, column)) for column in zip(*b)] for row in a]


def axis_angle(r):
    """exp of the matrix that takes the cross product, by its series."""
    k = [[0, -r[2], r[1]], [r[2], 0, -r[0]], [-r[1], r[0], 0]]
    term = total = [[float(i == j) for j in range(3)] for i in range(3)]
    for n in range(1, 40):
        term = [[v / n for v in row] for row in product(term, k)]
        total = [[a + b for a, b in zip(x, y)] for x, y in zip(total, term)]
    return total


def hand_vertices(theta, model):
    pose = {}
    for finger in range(5):
        bend, spread, second, third = theta[6 + 4 * finger : 10 + 4 * finger]
        for bone, angles in enumerate([(bend, spread), (second, 0), (third, 0)]):
            pose[2 + 4 * finger + bone] = angles
    places, transforms = [], []
    for i, parent in enumerate(model["parents"]):
        x, z = pose.get(i, (0, 0))
        turn_x = [[1, 0, 0, 0], [0, cmath.cos(x), -cmath.sin(x), 0], [0, cmath.sin(x), cmath.cos(x), 0], [0, 0, 0, 1]]
        turn_z = [[cmath.cos(z), -cmath.sin(z), 0, 0], [cmath.sin(z), cmath.cos(z), 0, 0], [0, 0, 1, 0], [0, 0, 0, 1]]
        relative = product(model["base_relatives"][i], product(turn_z, turn_x))
        places.append(relative if parent == -1 else product(places[parent], relative))
        transforms.append(product(places[i], model["inverse_base_absolutes"][i]))
    whole, vertices = axis_angle(theta[:3]), []
    for position, weights in zip(model["base_positions"], model["weights"]):
        moved = [0, 0, 0]
        for transform, weight in zip(transforms, weights):
            for i in range(3):
                moved[i] += weight * sum(a * b for a, b in zip(transform[i], position))
        if model["is_mirrored"]:
            moved[0] = -moved[0]
        vertices.append([sum(a * b for a, b in zip(whole[i], moved)) + theta[3 + i] for i in range(3)])
    return vertices


def ht(theta, us, data):
    vertices, errors = hand_vertices(theta, data["model"]), []
    for i, (which, seen) in enumerate(zip(data["correspondences"], data["points"])):
        at = vertices[which] if not us else None
        if us:
            a, b, c = (vertices[v] for v in data["model"]["triangles"][which])
            u, v = us[i]
            at = [u * x + v * y + (1 - u - v) * z for x, y, z in zip(a, b, c)]
        errors += [s - x for s, x in zip(seen, at)]
    return errors


def particle_path(w):
    """The square of where the path crosses the axis; acceleration by the formula of the potential's gradient."""
    x, y, vx, vy = 0, 8, 0.75, 0
    while True:
        ax = ay = 0
        for cx, cy in ((10, 10 - w), (10, 0)):
            cube = ((x - cx) ** 2 + (y - cy) ** 2) ** 1.5
            ax, ay = ax + (x - cx) / cube, ay + (y - cy) / cube
        x, y = x + 0.1 * vx, y + 0.1 * vy
        if real(y) <= 0:
            return (x - y / vy * vx) ** 2
        vx, vy = vx + 0.1 * ax, vy + 0.1 * ay


def descend(f, slope, x):
    """The suite's gradient descent."""
    value, g, rate, gains = f(x), slope(x), 1e-5, 0
    while math.hypot(*g) > 1e-5:
        if gains == 10:
            rate, gains = 2 * rate, 0
            continue
        there = [a - rate * b for a, b in zip(x, g)]
        if math.dist(x, there) <= 1e-5:
            break
        if f(there) < value:
            x, value, g, gains = there, f(there), slope(there), gains + 1
        else:
            rate, gains = rate / 2, 0
    return x


def particle(w):
    return descend(lambda x: particle_path(x[0]), lambda x: [particle_path(x[0] + 1j * STEP).imag / STEP], [w])[0]


def saddle(start):
    """The inner largest does not move the outer: the objective's parts depend on one point each."""
    square, slope = lambda x: x[0] ** 2 + x[1] ** 2, lambda x: [2 * v for v in x]
    end = descend(square, slope, start)
    return end + end


# --- the tool


class Tool:
    def __init__(self, program):
        self.process = subprocess.Popen([program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.id = 0

    def line(self, text):
        self.process.stdin.write(text + "\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())

    def send(self, **message):
        self.id += 1
        return self.line(json.dumps({"id": self.id} | message))

    def evaluate(self, module, function, given):
        return self.send(kind="evaluate", module=module, function=function, input=given)


count = 0


def check(name, right, *notes):
    global count
    count += 1
    print("ok" if right else "not ok", count, "-", name)
    if not right:
        for note in notes:
            print("#", str(note)[:2000])


def same(expected, found, tolerance=1e-11):
    """Of one shape, and numbers as near as rounding lets them be."""
    if isinstance(expected, dict):
        return isinstance(found, dict) and expected.keys() == found.keys() and all(same(expected[k], found[k]) for k in expected)
    if isinstance(expected, list):
        return isinstance(found, list) and len(expected) == len(found) and all(map(same, expected, found))
    if isinstance(expected, int):
        return isinstance(found, int) and expected == found
    expected = real(expected)
    return isinstance(found, float) and abs(expected - found) <= tolerance * max(1, abs(expected), abs(found))


def answers(tool, module, function, given, expected, note=""):
    reply = tool.evaluate(module, function, given)
    right = reply["id"] == tool.id and reply["success"] and same(expected, reply.get("output"))
    check(f"{module} {function} {note}", right, "expected", expected, "found", reply)
    return reply


# --- inputs


def numbers(rng, *shape):
    if not shape:
        return rng.gauss(0, 1)
    return [numbers(rng, *shape[1:]) for _ in range(shape[0])]


def gmm_case(rng, d, k, n, m, gamma):
    return {"d": d, "k": k, "n": n, "m": m, "gamma": gamma, "alpha": numbers(rng, k), "mu": numbers(rng, k, d),
            "q": numbers(rng, k, d), "l": numbers(rng, k, d * (d - 1) // 2), "x": numbers(rng, n, d)}


def placement(rng):
    turn = axis_angle([0.4 * v for v in numbers(rng, 3)])
    return [row + [rng.gauss(0, 1)] for row in turn] + [[0.0, 0.0, 0.0, 1.0]]


def ht_case(rng, vertices, n, triangles, mirrored):
    bones = 22
    parents = [-1] + [0 if i % 4 == 1 else i - 1 for i in range(1, bones)]
    model = {"bone_count": bones, "bone_names": [f"bone{i}" for i in range(bones)], "parents": parents,
             "base_relatives": [placement(rng) for _ in range(bones)],
             "inverse_base_absolutes": [placement(rng) for _ in range(bones)],
             "base_positions": [numbers(rng, 3) + [1] for _ in range(vertices)],
             "weights": [[abs(w) / bones for w in numbers(rng, bones)] for _ in range(vertices)],
             "triangles": [rng.sample(range(vertices), 3) for _ in range(4)], "is_mirrored": mirrored}
    data = {"model": model, "points": numbers(rng, n, 3),
            "correspondences": [rng.randrange(4 if triangles else vertices) for _ in range(n)]}
    return {"theta": [0.5 * v for v in numbers(rng, 26)], "data": data, "us": numbers(rng, n, 2) if triangles else []}


# --- what is asked


def ask_small(tool, rng):
    for x in (0.0, 3, -1.5):
        answers(tool, "hello", "square", x, float(x * x))
        answers(tool, "hello", "double", x, 2.0 * x)
    for n in (1, 2, 63, 64, 65, 200, 200):
        x = [100 * v for v in numbers(rng, n)] if n % 2 else numbers(rng, n)
        answers(tool, "lse", "primal", {"x": x}, logsumexp(x), f"of {n}")
        answers(tool, "lse", "gradient", {"x": x}, gradient(logsumexp, x), f"of {n}")
    for m, n in ((1, 2), (3, 7), (5, 40), (5, 40)):
        x = numbers(rng, m)
        answers(tool, "llsq", "primal", {"x": x, "n": n}, llsq(x, n), f"{m} at {n}")
        answers(tool, "llsq", "gradient", {"x": x, "n": n}, gradient(lambda x: llsq(x, n), x), f"{m} at {n}")
    for ell in (1, 2, 3, 5, 5):
        a = numbers(rng, ell * ell)
        answers(tool, "det", "primal", {"A": a, "ell": ell}, float(det(a, ell)), f"of {ell}")
        answers(tool, "det", "gradient", {"A": a, "ell": ell}, gradient(lambda a: det(a, ell) + 0j, a), f"of {ell}")
    for n, s in ((1, 1), (2, 3), (5, 10), (5, 10)):
        x = numbers(rng, n)
        answers(tool, "ode", "primal", {"x": x, "s": s}, ode(x, s), f"{n} in {s}")
        answers(tool, "ode", "gradient", {"x": x, "s": s}, gradient(lambda x: ode(x, s)[-1] + 0j, x), f"{n} in {s}")


def ask_gmm(tool, rng):
    for case in ((1, 1, 1, 0, 1.0), (2, 3, 4, 0, 1.0), (3, 2, 12, 2, 0.7), (3, 2, 12, 2, 1.3)):
        p = gmm_case(rng, *case)
        shapes = p["alpha"], p["mu"], p["q"], p["l"]

        def parts(x):
            at, made = 0, []
            for shape in shapes:
                size = len(flat(shape))
                made.append(like(x[at : at + size], shape) if shape and isinstance(shape[0], list) else x[at : at + size])
                at += size
            return made

        answers(tool, "gmm", "objective", p, gmm(p, *shapes), case)
        found = parts(gradient(lambda x: gmm(p, *parts(x)), flat(list(shapes))))
        answers(tool, "gmm", "jacobian", p, dict(zip(("alpha", "mu", "q", "l"), found)), case)
        # The form that the suite once had, with the prior subtracted: alone it is the objective of no points.
        old = {name: p[name] for name in ("d", "k", "n", "m", "gamma", "alpha", "x")}
        old |= {"means": p["mu"], "icf": [a + b for a, b in zip(p["q"], p["l"])]}
        as_it_was = lambda *of: gmm(p, *of) - 2 * gmm(p | {"n": 0, "x": []}, *of)
        answers(tool, "gmm", "objective", old, as_it_was(*shapes), f"{case} as it was")
        alpha, mu, q, l = parts(gradient(lambda x: as_it_was(*parts(x)), flat(list(shapes))))
        by = alpha + flat(mu) + flat([a + b for a, b in zip(q, l)])
        answers(tool, "gmm", "jacobian", old, by, f"{case} as it was")


def ask_ba(tool, rng):
    for n, m, p in ((1, 1, 1), (2, 3, 5), (3, 4, 40)):
        camera = [0.1, -0.2, 0.3, 0.1, 0.2, -5.0, 500.0, 10.0, -5.0, 0.01, 0.001]
        camera = [c * (1 + 0.1 * v) for c, v in zip(camera, numbers(rng, 11))]
        point, weight, feature = numbers(rng, 3), rng.uniform(0.5, 1), numbers(rng, 2)
        given = {"n": n, "m": m, "p": p, "cam": camera, "x": point, "w": weight, "feat": feature}
        expected = {"reproj_error": {"elements": ba(camera, point, weight, feature), "repeated": p},
                    "w_err": {"element": 1 - weight**2, "repeated": p}}
        answers(tool, "ba", "objective", given, expected, (n, m, p))
        rows = jacobian(lambda x: ba(x[:11], x[11:14], x[14], feature), camera + point + [weight])
        columns = []
        for i in range(p):
            of_one = [11 * (i % n) + j for j in range(11)] + [11 * n + 3 * (i % m) + j for j in range(3)] + [11 * n + 3 * m + i]
            columns += of_one + of_one
        columns += [11 * n + 3 * m + i for i in range(p)]
        starts = [15 * i for i in range(2 * p)] + [30 * p + i for i in range(p + 1)]
        expected = {"rows": starts[: min(30, 3 * p)] + starts[-1:], "cols": columns[:30] + columns[-1:], "vals": flat(rows) + [-2 * weight]}
        answers(tool, "ba", "jacobian", given, expected, (n, m, p))


def ask_kmeans(tool, rng):
    for n, k, d in ((1, 1, 1), (7, 1, 2), (30, 4, 3), (30, 4, 3)):
        points = numbers(rng, n, d)
        given = {"points": points, "centroids": points[-k:]}
        cost, direction = kmeans(**given)
        answers(tool, "kmeans", "cost", given, float(cost), (n, k, d))
        answers(tool, "kmeans", "dir", given, direction, (n, k, d))


def ask_lstm(tool, rng):
    for l, c, b in ((1, 2, 1), (2, 5, 3), (2, 5, 3)):
        main, extra = numbers(rng, 2 * l, 4 * b), numbers(rng, 3, b)
        state, sequence = numbers(rng, 2 * l, b), [[float(v > 0) for v in row] for row in numbers(rng, c, b)]
        given = {"main_params": main, "extra_params": extra, "state": state, "sequence": sequence}
        answers(tool, "lstm", "objective", given, lstm(**dict(zip(("main", "extra", "state", "sequence"), given.values()))), (l, c, b))
        size = 8 * l * b
        f = lambda x: lstm(like(x[:size], main), like(x[size:], extra), state, sequence)
        answers(tool, "lstm", "jacobian", given, gradient(f, flat(main) + flat(extra)), (l, c, b))


def ask_ht(tool, rng):
    for triangles, mirrored in ((False, False), (False, True), (True, False), (True, True), (True, True)):
        given = ht_case(rng, 9, 6, triangles, mirrored)
        theta, us, data = given["theta"], given["us"], given["data"]
        note = f"{'triangles' if triangles else 'vertices'}{' mirrored' if mirrored else ''}"
        answers(tool, "ht", "objective", given, ht(theta, us, data), note)
        by_theta = jacobian(lambda x: ht(x, us, data), theta)
        if triangles:  # by the point's own u and v
            for i in range(len(us)):
                own = jacobian(lambda u: ht(theta, us[:i] + [u] + us[i + 1 :], data), us[i])
                for j in range(3 * i, 3 * i + 3):
                    by_theta[j] = own[j] + by_theta[j]
        answers(tool, "ht", "jacobian", given, by_theta, note)


def ask_nested(tool):
    for mode in ("ff", "fr", "rf", "rr"):
        for w in (0.0, 1.0):
            answers(tool, "particle", mode, {"w": w}, particle(w), f"from {w}")
        for start in ([1.0, 1.0], [-0.5, 2.0]):
            answers(tool, "saddle", mode, {"start": start}, saddle(start), f"from {start}")
    answers(tool, "particle", "rf", {"w": 0.0}, 0.2071918746486116, "as the suite says")
    answers(tool, "saddle", "fr", {"start": [1, 1]}, [8.246324826140356e-06] * 4, "as the suite says")


def ask_protocol(tool):
    check("start is answered with the tool's name", tool.send(kind="start", eval="hello") == {"id": tool.id, "tool": "triad"})
    for module in "ba det gmm hello ht kmeans llsq lse lstm ode particle saddle".split():
        check(f"{module} is defined", tool.send(kind="define", module=module) == {"id": tool.id, "success": True})
    check("analysis is acknowledged", tool.send(kind="analysis", of=1, valid=True) == {"id": tool.id})
    check("as is a kind that is not known", tool.send(kind="end") == {"id": tool.id})
    check("an id of any sort is given back", tool.line('{"id": "a", "kind": "start"}')["id"] == "a")
    given = {"x": [1.0, 2.0], "n": 5}
    times = lambda reply, name: [t["nanoseconds"] for t in reply["timings"] if t["name"] == name]
    reply = tool.evaluate("llsq", "primal", given)
    check("one run where nothing else is asked", len(times(reply, "evaluate")) == 1 and len(times(reply, "prepare")) == 1)
    reply = tool.evaluate("llsq", "primal", given | {"min_runs": 7, "min_seconds": 0})
    check("min_runs are run", len(times(reply, "evaluate")) == 7, reply)
    reply = tool.evaluate("llsq", "primal", given | {"runs": 3})
    check("as are runs", len(times(reply, "evaluate")) == 3, reply)
    given = {"x": [float(i) for i in range(20000)]}
    reply = tool.evaluate("lse", "primal", given | {"min_runs": 1, "min_seconds": 0.02})
    spent = times(reply, "evaluate")
    check("min_seconds are spent, and no more", sum(spent) >= 2e7 and sum(spent[:-1]) < 2e7 and all(isinstance(t, int) for t in spent))
    given = {"A": [1.0], "ell": 1, "min_seconds": 0.5}
    spent = times(tool.evaluate("det", "primal", given | {"min_runs": 1}), "evaluate")
    check("no more than 100,000 times are told", len(spent) == 100000, len(spent))
    spent = times(tool.evaluate("det", "primal", given | {"min_runs": 100001, "min_seconds": 0}), "evaluate")
    check("but as many as were asked for", len(spent) == 100001, len(spent))


def wrong_inputs(rng):
    """Input, and what the reply must name."""
    gmm_right, ht_right = gmm_case(rng, 2, 3, 4, 0, 1.0), ht_case(rng, 5, 3, True, False)
    without = lambda given, name: {k: v for k, v in given.items() if k != name}
    model = lambda **fields: ht_right | {"data": ht_right["data"] | {"model": ht_right["data"]["model"] | fields}}
    lse, llsq, points = {"x": [1, 2]}, {"x": [1, 2], "n": 4}, [[1, 2], [3, 4]]
    rows = [[0.5] * 4] * 2
    lstm_right = {"main_params": rows, "extra_params": [[1]] * 3, "state": [[1]] * 2, "sequence": [[1]] * 3}
    camera = [0.1] * 3 + [0.0] * 8
    ba_right = {"n": 1, "m": 1, "p": 1, "cam": camera, "x": [1, 1, 1], "w": 1, "feat": [0, 0]}
    yield "hello", "square", "two", "no number"
    yield "hello", "square", None, "no number"
    yield "hello", "square", [1], "no number"
    yield "lse", "primal", {}, '"x"'
    yield "lse", "primal", [1, 2], "object"
    yield "lse", "primal", {"x": []}, "empty"
    yield "lse", "primal", {"x": 3}, "array"
    yield "lse", "gradient", {"x": [1, "2"]}, "string"
    yield "lse", "gradient", {"x": [1, [2]]}, "array"
    yield "lse", "primal", lse | {"min_runs": 0}, "min_runs"
    yield "lse", "primal", lse | {"min_runs": 1.5}, "min_runs"
    yield "lse", "primal", lse | {"min_seconds": -1}, "min_seconds"
    yield "lse", "primal", lse | {"min_seconds": "1"}, "min_seconds"
    yield "llsq", "primal", llsq | {"n": 1}, '"n"'
    yield "llsq", "primal", llsq | {"n": 1e300}, '"n"'
    yield "det", "primal", {"A": [1, 2, 3], "ell": 2}, '"A"'
    yield "det", "primal", {"A": [1], "ell": 1000}, '"ell"'
    yield "ode", "primal", {"x": [1], "s": 0}, '"s"'
    yield "ode", "gradient", {"x": [1], "s": True}, '"s"'
    for name in gmm_right:
        yield "gmm", "jacobian", without(gmm_right, name), f'"{name}"'
    yield "gmm", "objective", gmm_right | {"mu": gmm_right["mu"][1:]}, '"mu"'
    yield "gmm", "objective", gmm_right | {"x": [row[1:] for row in gmm_right["x"]]}, '"x"'
    yield "gmm", "objective", gmm_right | {"d": 3}, '"mu"'
    yield "gmm", "objective", gmm_right | {"d": 100000}, '"d"'
    yield "gmm", "objective", gmm_right | {"gamma": 0}, '"gamma"'
    yield "ba", "jacobian", ba_right | {"cam": camera[1:]}, '"cam"'
    yield "ba", "jacobian", ba_right | {"p": -1}, '"p"'
    yield "ba", "objective", ba_right | {"x": [0, 0, 0]}, "no value"  # the point is where the camera is
    yield "kmeans", "cost", {"points": points, "centroids": [[1]]}, '"centroids"'
    yield "kmeans", "cost", {"points": [[1, 2], [3]], "centroids": points}, '"points"'
    yield "kmeans", "dir", {"points": points, "centroids": [[1, 2], [90, 90]]}, "division by zero"  # a centroid of no points
    yield "lstm", "objective", lstm_right | {"main_params": rows[1:]}, '"main_params"'
    yield "lstm", "objective", lstm_right | {"main_params": [[0.5] * 5] * 2}, '"main_params"'
    yield "lstm", "objective", lstm_right | {"state": [[1]]}, '"state"'
    yield "lstm", "jacobian", lstm_right | {"sequence": [[1]]}, '"sequence"'
    for name in ("theta", "us", "data"):
        yield "ht", "jacobian", without(ht_right, name), f'"{name}"'
    yield "ht", "jacobian", ht_right | {"theta": [0.5] * 25}, '"theta"'
    yield "ht", "jacobian", ht_right | {"us": ht_right["us"][1:]}, '"us"'
    yield "ht", "jacobian", model(parents=[-1] * 3), '"parents"'
    for parent in (0, -2, 0.5):
        yield "ht", "jacobian", model(parents=[parent] * 22), '"parents"'
    yield "ht", "jacobian", model(triangles=[[0, 1, 5]] * 4), '"triangles"'
    yield "ht", "jacobian", model(triangles=[]), '"triangles"'
    yield "ht", "jacobian", model(is_mirrored=1), '"is_mirrored"'
    yield "ht", "jacobian", model(base_relatives=[[[1] * 4] * 4] * 22), '"base_relatives"'
    yield "ht", "jacobian", model(base_positions=[]), '"weights"'
    yield "ht", "jacobian", ht_right | {"data": ht_right["data"] | {"correspondences": [0, 4, 0]}}, '"correspondences"'
    yield "ht", "jacobian", ht_right | {"us": [], "data": ht_right["data"] | {"points": [], "correspondences": []}}, "no points"
    yield "particle", "ff", {}, '"w"'
    yield "saddle", "rr", {"start": [1, 2, 3]}, '"start"'


def refuses(tool, name, reply, id, words):
    right = reply["id"] == id and reply.get("success") is False and words in reply.get("error", "")
    check(name, right, reply)


def ask_wrong(tool, rng):
    for module, function, given, words in wrong_inputs(rng):
        refuses(tool, f"{module} {function} refuses {str(given)[:40]}, by {words}", tool.evaluate(module, function, given), tool.id, words)
    refuses(tool, "no module", tool.send(kind="define", module="nothing"), tool.id, 'no module "nothing"')
    refuses(tool, "no module's name", tool.send(kind="define"), tool.id, '"module"')
    refuses(tool, "a module that is no name", tool.send(kind="define", module=3), tool.id, '"module"')
    refuses(tool, "no function", tool.evaluate("lse", "hessian", {}), tool.id, '"hessian"')
    refuses(tool, "no module to evaluate", tool.evaluate("else", "primal", {}), tool.id, '"else"')
    refuses(tool, "no input", tool.send(kind="evaluate", module="lse", function="primal"), tool.id, '"input"')
    refuses(tool, "no function's name", tool.send(kind="evaluate", module="lse", input={}), tool.id, '"function"')
    refuses(tool, "no kind", tool.send(), tool.id, '"kind"')
    refuses(tool, "no id", tool.line('{"kind": "start"}'), None, '"id"')
    for text in ("", "{", "nonsense", '{"id": 1} {"id": 2}', '{"id": NaN}', '{"id": 1e999}', "[" * 100000, '"\\ud800"', "\x00"):
        refuses(tool, f"{text[:20]!r} is no JSON", tool.line(text), None, "no JSON")
    for text in ("3", "null", "[]", '"start"'):
        refuses(tool, f"{text} is no message", tool.line(text), None, "object")
    answers(tool, "hello", "square", 3.0, 9.0, "after all that")


def main():
    tool, rng = Tool(sys.argv[1]), random.Random(int(sys.argv[2]))
    ask_protocol(tool)
    for ask in (ask_small, ask_gmm, ask_ba, ask_kmeans, ask_lstm, ask_ht):
        ask(tool, rng)
    ask_nested(tool)
    ask_wrong(tool, rng)
    tool.process.stdin.close()
    check("the tool ends with its input", tool.process.wait(timeout=60) == 0 and tool.process.stdout.read() == "")
    print(f"1..{count}")


main()
