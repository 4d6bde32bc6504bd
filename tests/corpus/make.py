#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-3.0-or-later
"""Makes corpus.txt: the cases of cases.txt and of mgh.py with their numbers.

    python3 tests/corpus/make.py          writes corpus.txt beside this script (some minutes)
    python3 tests/corpus/make.py --new    keeps the numbers that are there, and adds those of new cases
    python3 tests/corpus/make.py --check  compares a computation with the file that is there
    python3 tests/corpus/make.py WORD     only the cases that contain WORD, printed

A case is `what | expression | point | numbers`, the numbers with 60 digits. Nothing of triad is used: the
expression is read by Python and evaluated by mpmath; derivatives are mpmath's differences of values at 200 digits,
or closed forms that stand in the case (`= …`). Every number is computed again at 260 digits and has to
agree.

A number has `~tolerance` behind it where 64 times the relative error of a plain dual run in double (below: naive
rules over Python's floats) is more than 1e-12; of a number that is 0 it is an absolute error.
"""
import math
import os
import re
import sys

import mpmath
from mpmath import mp

HERE = os.path.dirname(os.path.abspath(__file__))
DIGITS = 60
FLOOR = 1e-12

# --- reading an expression: Python's own syntax, with `^` and exact numbers

NUMBER = re.compile(r"(?<![\w.])(\d+\.?\d*(?:[eE][-+]?\d+)?|\.\d+(?:[eE][-+]?\d+)?)")


def python_text(text):
    return NUMBER.sub(r'N("\1")', text).replace("^", "**")


def compiled(text):
    return compile("(" + python_text(text.strip()) + ")", text[:60], "eval")


# --- mpmath

def mp_select(condition, a, b):
    return a if condition else b


def mp_real(function):
    def real(*args):
        value = function(*args)
        if isinstance(value, mpmath.mpc):
            value = value.real if value.imag == 0 else mp.nan
        return value
    return real


def mp_power(a, b):
    if a == 0 and b == 0:
        return mp.mpf(1)
    return mp_real(lambda: mp.power(a, b))()


def mp_cbrt(a):
    return mp.sign(a) * mp.cbrt(abs(a))


def mp_erfc(a):
    return mp.erfc(a)


MP = {
    "N": lambda text: mp.mpf(text), "inf": mp.inf, "select": mp_select, "cbrt": mp_cbrt, "abs": abs, "sign": mp.sign,
    "hypot": mp.hypot, "atan2": mp.atan2, "log2": lambda a: mp_real(mp.log)(a) / mp.log(2),
    "square": lambda a: a * a, "gaussian": lambda a: mp.exp(-a * a), "softplus": lambda a: mp.log1p(mp.exp(a)),
    "sigmoid": lambda a: 1 / (1 + mp.exp(-a)), "relu": lambda a: a if a > 0 else a * 0,
    "heaviside": lambda a: mp.mpf(0 if a < 0 else 1), "floor": mp.floor, "ceil": mp.ceil,
    "min": lambda a, b: b if b < a else a, "max": lambda a, b: b if a < b else a,
    "lgamma": lambda a: mp.log(abs(mp.gamma(a))) if a < 0 else mp_real(mp.loggamma)(a),
    "polygamma": lambda n, a: mp.psi(int(n), a), "digamma": lambda a: mp.psi(0, a), "log10": mp_real(mp.log10),
}
for name in ("sin cos tan sec csc cot asin acos atan sinh cosh tanh sech asinh acosh atanh exp expm1 log log1p sqrt "
             "erf erfc gamma").split():
    MP[name] = mp_real(getattr(mp, name))




def mp_eval(code, names):
    scope = dict(MP)
    scope["pi"] = +mp.pi
    scope.update(names)
    value = eval(code, {"__builtins__": {}}, scope)
    if isinstance(value, bool):
        value = int(value)
    if isinstance(value, mpmath.mpc):
        if value.imag != 0:
            raise ValueError("not real")
        value = value.real
    return mp.mpf(value)


def mp_scale(x):
    """The unit in which differences by x are taken: 1, unless x is of another size."""
    if x == 0 or mp.mpf("1e-3") < abs(x) < 1000:
        return mp.mpf(1)
    return abs(x)


def mp_derivative(code, point, orders):
    """The derivative of orders[i] by the i-th variable of the point, a dict of texts."""
    with mp.workdps(2 * mp.dps + 100):
        at = {n: mp_eval(c, {}) for n, c in point.items()}
    names = [n for n, k in zip(point, orders) if k]
    ks = [k for k in orders if k]
    if not names:
        return mp_eval(code, at)
    scales = [mp_scale(at[n]) for n in names]

    def moved(*ts):
        here = dict(at)
        for n, s, t in zip(names, scales, ts):
            here[n] = at[n] + s * t
        return mp_eval(code, here)

    zeros = tuple([mp.mpf(0)] * len(names))
    value = mp.diff(moved, zeros if len(zeros) > 1 else zeros[0], tuple(ks) if len(ks) > 1 else ks[0])
    for s, k in zip(scales, ks):
        value /= s ** k
    return value


def max_exponent(point):
    return max([abs(int(mp.mag(mp_eval(c, {})))) if mp_eval(c, {}) != 0 else 0 for c in point.values()] + [0]) / 3.3


# --- a plain dual run in double

class Dual:
    """v + d*eps over floats or duals, with the rules of a textbook."""
    __slots__ = ("v", "d")

    def __init__(self, v, d):
        self.v, self.d = v, d

    def __neg__(self):
        return Dual(-self.v, -self.d)

    def __add__(self, o):
        return Dual(self.v + o.v, self.d + o.d) if isinstance(o, Dual) else Dual(self.v + o, self.d)

    __radd__ = __add__

    def __sub__(self, o):
        return Dual(self.v - o.v, self.d - o.d) if isinstance(o, Dual) else Dual(self.v - o, self.d)

    def __rsub__(self, o):
        return Dual(o - self.v, -self.d)

    def __mul__(self, o):
        return Dual(self.v * o.v, self.d * o.v + self.v * o.d) if isinstance(o, Dual) else Dual(self.v * o, self.d * o)

    __rmul__ = __mul__

    def __truediv__(self, o):
        if not isinstance(o, Dual):
            return Dual(self.v / o, self.d / o)
        return Dual(self.v / o.v, (self.d * o.v - self.v * o.d) / (o.v * o.v))

    def __rtruediv__(self, o):
        return Dual(o / self.v, -o * self.d / (self.v * self.v))

    def __pow__(self, o):
        if not isinstance(o, Dual):
            if o == 0:
                return Dual(self.v ** 0, 0 * self.d)
            return Dual(self.v ** o, o * self.v ** (o - 1) * self.d)
        p = self.v ** o.v
        return Dual(p, p * (o.d * D["log"](self.v) + o.v * self.d / self.v))

    def __rpow__(self, o):
        p = o ** self.v
        return Dual(p, p * math.log(o) * self.d)

    def __abs__(self):
        return self if plain(self) > 0 else -self

    def __lt__(self, o):
        return plain(self) < plain(o)

    def __gt__(self, o):
        return plain(self) > plain(o)

    def __le__(self, o):
        return plain(self) <= plain(o)

    def __ge__(self, o):
        return plain(self) >= plain(o)

    def __eq__(self, o):
        return plain(self) == plain(o)

    def __ne__(self, o):
        return plain(self) != plain(o)


def plain(a):
    while isinstance(a, Dual):
        a = a.v
    return a


def float_polygamma(n, x):
    """By recurrence up to 20 and the asymptotic series."""
    total = 0.0
    sign = (-1.0) ** (n + 1)
    while x < 20.0:
        total += -1.0 / x if n == 0 else sign * math.factorial(n) / x ** (n + 1)
        x += 1.0
    bernoulli = [1 / 6, -1 / 30, 1 / 42, -1 / 30, 5 / 66, -691 / 2730, 7 / 6]
    if n == 0:
        return total + math.log(x) - 0.5 / x - sum(b / ((2 * k + 2) * x ** (2 * k + 2)) for k, b in enumerate(bernoulli))
    tail = math.factorial(n - 1) / x ** n + math.factorial(n) / (2.0 * x ** (n + 1))
    tail += sum(b * math.factorial(2 * k + 1 + n) / (math.factorial(2 * k + 2) * x ** (2 * k + 2 + n))
                for k, b in enumerate(bernoulli))
    return total + sign * tail


def lift(function, derivative):
    def lifted(a):
        if isinstance(a, Dual):
            return Dual(lifted(a.v), derivative(a.v) * a.d)
        return function(a)
    return lifted


D = {}
D.update({
    "exp": lift(math.exp, lambda a: D["exp"](a)), "expm1": lift(math.expm1, lambda a: D["exp"](a)),
    "log": lift(math.log, lambda a: 1 / a), "log1p": lift(math.log1p, lambda a: 1 / (1 + a)),
    "log2": lift(math.log2, lambda a: 1 / (a * math.log(2))), "log10": lift(math.log10, lambda a: 1 / (a * math.log(10))),
    "sin": lift(math.sin, lambda a: D["cos"](a)), "cos": lift(math.cos, lambda a: -D["sin"](a)),
    "tan": lift(math.tan, lambda a: 1 + D["tan"](a) * D["tan"](a)),
    "sec": lambda a: 1 / D["cos"](a), "csc": lambda a: 1 / D["sin"](a), "cot": lambda a: 1 / D["tan"](a),
    "asin": lift(math.asin, lambda a: 1 / D["sqrt"](1 - a * a)),
    "acos": lift(math.acos, lambda a: -1 / D["sqrt"](1 - a * a)), "atan": lift(math.atan, lambda a: 1 / (1 + a * a)),
    "sinh": lift(math.sinh, lambda a: D["cosh"](a)), "cosh": lift(math.cosh, lambda a: D["sinh"](a)),
    "tanh": lift(math.tanh, lambda a: 1 - D["tanh"](a) * D["tanh"](a)), "sech": lambda a: 1 / D["cosh"](a),
    "asinh": lift(math.asinh, lambda a: 1 / D["sqrt"](a * a + 1)),
    "acosh": lift(math.acosh, lambda a: 1 / D["sqrt"](a * a - 1)), "atanh": lift(math.atanh, lambda a: 1 / (1 - a * a)),
    "sqrt": lift(math.sqrt, lambda a: 0.5 / D["sqrt"](a)),
    "cbrt": lift(lambda a: math.copysign(abs(a) ** (1 / 3), a), lambda a: 1 / (3 * D["cbrt"](a) * D["cbrt"](a))),
    "erf": lift(math.erf, lambda a: 2 / math.sqrt(math.pi) * D["exp"](-(a * a))),
    "erfc": lift(math.erfc, lambda a: -2 / math.sqrt(math.pi) * D["exp"](-(a * a))),
    "gamma": lift(math.gamma, lambda a: D["gamma"](a) * D["digamma"](a)),
    "lgamma": lift(math.lgamma, lambda a: D["digamma"](a)), "digamma": lambda a: D["polygamma"](0, a),
    "square": lambda a: a * a, "gaussian": lambda a: D["exp"](-(a * a)),
    "sigmoid": lambda a: 1 / (1 + D["exp"](-a)), "softplus": lambda a: D["log"](1 + D["exp"](a)),
    "hypot": lambda a, b: D["sqrt"](a * a + b * b), "abs": abs, "select": mp_select,
    "relu": lambda a: a if a > 0 else a * 0.0, "sign": lambda a: float((plain(a) > 0) - (plain(a) < 0)),
    "heaviside": lambda a: 0.0 if a < 0 else 1.0, "floor": lambda a: float(math.floor(plain(a))),
    "ceil": lambda a: float(math.ceil(plain(a))), "min": lambda a, b: b if b < a else a,
    "max": lambda a, b: b if a < b else a, "N": lambda text: float(text), "pi": math.pi,
})


def dual_polygamma(n, a):
    if isinstance(a, Dual):
        return Dual(dual_polygamma(n, a.v), dual_polygamma(n + 1, a.v) * a.d)
    return float_polygamma(int(n), a)


def dual_atan2(a, b):
    if not isinstance(a, Dual) and not isinstance(b, Dual):
        return math.atan2(a, b)
    av, ad = (a.v, a.d) if isinstance(a, Dual) else (a, 0.0)
    bv, bd = (b.v, b.d) if isinstance(b, Dual) else (b, 0.0)
    return Dual(dual_atan2(av, bv), (bv * ad - av * bd) / (av * av + bv * bv))


D["polygamma"] = dual_polygamma
D["atan2"] = dual_atan2


def seeded(x, levels):
    """x with one infinitesimal for each level, the innermost first."""
    for seed in levels:
        x = Dual(x, seed * (plain(x) * 0.0 + 1.0) if not isinstance(x, Dual) else constant(float(seed), x))
    return x


def constant(c, like):
    return Dual(constant(c, like.v), constant(0.0, like.v)) if isinstance(like, Dual) else c


def dual_derivative(code, point, orders):
    """The same derivative by nested duals in double; NaN where that fails."""
    try:
        directions = [n for n, k in zip(point, orders) for _ in range(k)]
        names = {n: seeded(float(eval(c, {"__builtins__": {}}, D)), [1.0 if n == d else 0.0 for d in directions])
                 for n, c in point.items()}
        value = eval(code, {"__builtins__": {}}, {**D, **names})
        for _ in directions:
            value = value.d if isinstance(value, Dual) else 0.0
        value = plain(value)
        return float(value) if not isinstance(value, complex) else math.nan
    except (ArithmeticError, ValueError, TypeError):
        return math.nan


# --- a case

class Case:
    def __init__(self, line):
        fields = [f.strip() for f in line.split("|")]
        fields += [""] * (4 - len(fields))
        self.what, self.expression, self.point_text, self.by_hand = fields[:4]
        self.words = self.what.split()
        self.points = [split_point(p) for p in self.point_text.split(" / ")]

    def wanted(self, point):
        """The derivatives that the case is about, as lists of orders."""
        n = len(point)
        unit = lambda *at: [at.count(i) for i in range(n)]
        kind = self.words[0]
        if kind in ("value", "taylor"):
            return [unit()]
        if kind in ("gradient", "integral", "kink", "jvp"):
            return [unit(i) for i in range(n)]
        if kind == "hessian":
            return [unit(i, j) for i in range(n) for j in range(n)]
        if kind == "derivative":
            return [unit(*[0] * int(self.words[1]))]
        raise ValueError("what is " + self.what)


def split_point(text):
    point = {}
    for part in text.split(","):
        if part.strip():
            name, value = part.split("=", 1)
            point[name.strip()] = value.strip()
    return point


def case_numbers(case, codes, point, hand, only):
    """The numbers at one point, or only some of them: (by mpmath, by the plain dual run)."""
    at = {n: compiled(v) for n, v in point.items()}
    kind = case.words[0]
    if kind == "jvp":
        direction = [compiled(v) for v in case.words[1].split(",")]
        orders = case.wanted(point)
        mps = [mp_derivative(codes[0], at, o) * mp_eval(d, {}) for o, d in zip(orders, direction)]
        duals = [dual_derivative(codes[0], at, o) * float(mp_eval(d, {})) for o, d in zip(orders, direction)]
        return [(mp.fsum(mps), sum(duals))]
    if kind == "taylor":
        n, b = int(case.words[1]), compiled(case.words[2])
        name, value = list(point.items())[0]
        step = mp_eval(b, {}) - mp_eval(compiled(value), {})
        fall = float(mp_eval(b, {})) - float(mp_eval(compiled(value), {}))
        terms = [mp_derivative(codes[0], at, [k]) * step ** k / mp.factorial(k) for k in range(n + 1)]
        duals = [dual_derivative(codes[0], at, [k]) * fall ** k / math.factorial(k) for k in range(n + 1)]
        return [(mp.fsum(terms), sum(duals))]
    known, result = {}, []
    for i, orders in enumerate(case.wanted(point)):
        if only and i not in only:
            result.append(None)
            continue
        if hand:
            exact = mp_eval(hand[i], {n: mp_eval(c, {}) for n, c in at.items()})
            # A convention's number is exact; that of an integral is as exact as the antiderivative is.
            result.append((exact, dual_derivative(codes[0], at, orders) if kind == "integral" else math.nan))
            continue
        if tuple(orders) not in known:
            known[tuple(orders)] = (mp_derivative(codes[0], at, orders), dual_derivative(codes[0], at, orders))
        result.append(known[tuple(orders)])
    return result


def numbers(case, digits, only=None):
    """The case's numbers, or only some of them, at so many digits, and more where a point is huge or tiny."""
    mp.dps = digits
    sizes = [max_exponent({n: compiled(v) for n, v in point.items()}) for point in case.points]
    mp.dps = digits + 3 * int(max(sizes))
    texts = case.expression.split(" => ")
    codes = [compiled(t) for t in texts]
    by_hand = [compiled(t) for t in case.by_hand[1:].split(";")] if case.by_hand.startswith("=") else None
    if case.words[0] == "integral":
        by_hand = [codes[1]]
    return [pair for point in case.points for pair in case_numbers(case, codes, point, by_hand, only)]


def agree(a, b):
    return a == b or abs(a - b) <= mp.mpf(10) ** -(DIGITS + 3) * abs(b)


def agreed(case):
    """The numbers, each computed twice.  Differences of what hardly changes are 0 or noise: what is 0, or not the same
    twice, is computed with more digits, and is 0 if it is then below everything."""
    first, again = numbers(case, 200), numbers(case, 260)
    hard = [i for i, (a, b) in enumerate(zip(first, again)) if not agree(a[0], b[0]) or b[0] == 0]
    if case.by_hand or not hard:
        return again
    first, exact = numbers(case, 600, hard), numbers(case, 660, hard)
    for i in hard:
        a, b = first[i][0], exact[i][0]
        if max(abs(a), abs(b)) >= mp.mpf("1e-560") and not agree(a, b):
            raise ValueError("two precisions disagree: %s %s" % (mp.nstr(a, 30), mp.nstr(b, 30)))
        again[i] = (b if abs(b) >= mp.mpf("1e-560") or agree(a, b) and b != 0 else None, again[i][1])
    return again


def number_text(exact, dual):
    """A number with its tolerance. A 0 by hand is exact and has none; None is one that rounding may miss."""
    if exact is None:
        return "0~%.1e" % max(64 * abs(dual) if dual == dual else 0, FLOOR)
    if mp.isnan(exact):
        raise ValueError("no number")
    if mp.isinf(exact) or exact == 0:
        return {0: "0", 1: "inf", -1: "-inf"}[int(mp.sign(exact))]
    text = mp.nstr(exact, DIGITS, min_fixed=-5, max_fixed=20)
    text = re.sub(r"\.0$", "", text).replace("e+", "e")
    if dual != dual or math.isinf(dual):
        return text
    error = float(abs((mp.mpf(dual) - exact) / exact))
    return text if 64 * error <= FLOOR else "%s~%.1e" % (text, 64 * error)


def corpus_line(case):
    if case.words[0] == "error":
        return " | ".join([case.what, case.expression, case.point_text])
    values = agreed(case)
    texts = [number_text(exact, dual) for exact, dual in values]
    if case.words[0] == "integral":
        check_integral(case, values)
    return " | ".join([case.what, case.expression, case.point_text, "; ".join(texts)])


def check_integral(case, values):
    """The integrand by hand is the derivative of the antiderivative by differences."""
    code = compiled(case.expression.split(" => ")[0])
    for point, (value, _) in zip(case.points, values):
        other = mp_derivative(code, {n: compiled(v) for n, v in point.items()}, [1])
        if abs(other - value) > mp.mpf("1e-90") * (1 + abs(value)):
            raise ValueError("the antiderivative's derivative is %s, the integrand %s" % (mp.nstr(other, 20), mp.nstr(value, 20)))


def cases():
    with open(os.path.join(HERE, "cases.txt"), encoding="utf-8") as file:
        for line in file:
            line = line.rstrip("\n")
            if not line or line.startswith("#"):
                yield line
            else:
                yield Case(line)
    import mgh
    yield "# Moré, Garbow, Hillstrom: Testing unconstrained optimization software. ACM TOMS 7 (1981) 17-41"
    for name, expression, point, verdict in mgh.problems():
        yield "# " + name
        yield Case("gradient%s | %s | %s" % (verdict, expression, point))
        yield Case("hessian | %s | %s" % (expression, point))


def known_lines():
    """The lines of corpus.txt by what they compute."""
    known = {}
    with open(os.path.join(HERE, "corpus.txt"), encoding="utf-8") as file:
        for line in file:
            fields = line.rstrip("\n").split(" | ")
            if len(fields) == 4:
                known[key(fields[0], fields[1], fields[2])] = fields
    return known


def key(what, *rest):
    words = what.split()
    return (" ".join(words if words[0] in ("derivative", "taylor", "jvp") else words[:1]),) + rest


def kept_line(case, known):
    """The line of a case whose numbers are there; None if they are not, or stand in the case."""
    fields = known.get(key(case.what, case.expression, case.point_text))
    if not fields or case.by_hand or "0" in fields[3].split("; "):
        return None
    return " | ".join([case.what] + fields[1:])


def main(arguments):
    known = known_lines() if "--new" in arguments else {}
    words = [a for a in arguments if not a.startswith("--")]
    lines, failed = [], 0
    for case in cases():
        if isinstance(case, str):
            lines.append(case)
            continue
        if words and not any(w in case.what + " | " + case.expression + " | " + case.point_text for w in words):
            continue
        if "--verbose" in arguments:
            print(case.what, case.expression[:60], file=sys.stderr, flush=True)
        try:
            lines.append(kept_line(case, known) or corpus_line(case))
            if words:
                print(lines[-1])
        except Exception as problem:  # a case that has no numbers is a mistake of the case: say which
            print("%s | %s | %s: %r" % (case.what, case.expression[:200], case.point_text, problem), file=sys.stderr)
            failed += 1
    if words:
        return failed > 0
    text = "# Made by make.py from cases.txt and mgh.py: what | expression | point | numbers\n" + "\n".join(lines) + "\n"
    path = os.path.join(HERE, "corpus.txt")
    if "--check" in arguments:
        with open(path, encoding="utf-8") as file:
            return file.read() != text
    if not failed:
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
    print("%d cases, %d failed" % (sum(1 for l in lines if l and not l.startswith("#")), failed))
    return failed > 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
