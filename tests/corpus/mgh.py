# SPDX-License-Identifier: LGPL-3.0-or-later
"""The 35 problems of Moré, Garbow and Hillstrom (ACM TOMS 7 (1981) 17-41) as sums of squares, each at its standard
starting point; those of variable size are small."""


def total(terms):
    return " + ".join("(%s)^2" % t for t in terms)


def plus(terms):
    return " + ".join(terms)


def at(*values):
    return ", ".join("x%d=%s" % (i + 1, v) for i, v in enumerate(values))


def xs(n):
    return ["x%d" % (i + 1) for i in range(n)]


BARD = "0.14 0.18 0.22 0.25 0.29 0.32 0.35 0.39 0.37 0.58 0.73 0.96 1.34 2.10 4.39".split()
GAUSS = "0.0009 0.0044 0.0175 0.0540 0.1295 0.2420 0.3521 0.3989".split()
GAUSS += GAUSS[-2::-1]
MEYER = "34780 28610 23650 19630 16370 13720 11540 9744 8261 7030 6005 5147 4427 3820 3307 2872".split()
KOWALIK = ("0.1957 0.1947 0.1735 0.1600 0.0844 0.0627 0.0456 0.0342 0.0323 0.0235 0.0246".split(),
           "4 2 1 0.5 0.25 0.167 0.125 0.1 0.0833 0.0714 0.0625".split())
OSBORNE1 = ("0.844 0.908 0.932 0.936 0.925 0.908 0.881 0.850 0.818 0.784 0.751 0.718 0.685 0.658 0.628 0.603 0.580 "
            "0.558 0.538 0.522 0.506 0.490 0.478 0.467 0.457 0.448 0.438 0.431 0.424 0.420 0.414 0.411 0.406").split()
OSBORNE2 = ("1.366 1.191 1.112 1.013 0.991 0.885 0.831 0.847 0.786 0.725 0.746 0.679 0.608 0.655 0.616 0.606 0.602 "
            "0.626 0.651 0.724 0.649 0.649 0.694 0.644 0.624 0.661 0.612 0.558 0.533 0.495 0.500 0.423 0.395 0.375 "
            "0.372 0.391 0.396 0.405 0.428 0.429 0.523 0.562 0.607 0.653 0.672 0.708 0.633 0.668 0.645 0.632 0.591 "
            "0.559 0.597 0.625 0.739 0.710 0.729 0.720 0.636 0.581 0.428 0.292 0.162 0.098 0.054").split()


def rosenbrock():
    return total(["10*(x2 - x1^2)", "1 - x1"]), at("-1.2", "1")


def freudenstein_roth():
    return total(["-13 + x1 + ((5 - x2)*x2 - 2)*x2", "-29 + x1 + ((x2 + 1)*x2 - 14)*x2"]), at("0.5", "-2")


def powell_badly_scaled():
    return total(["10^4*x1*x2 - 1", "exp(-x1) + exp(-x2) - 1.0001"]), at("0", "1")


def brown_badly_scaled():
    return total(["x1 - 10^6", "x2 - 2/10^6", "x1*x2 - 2"]), at("1", "1")


def beale():
    return total(["%s - x1*(1 - x2^%d)" % (y, i + 1) for i, y in enumerate(["1.5", "2.25", "2.625"])]), at("1", "1")


def jennrich_sampson():
    return total(["2 + 2*%d - (exp(%d*x1) + exp(%d*x2))" % (i, i, i) for i in range(1, 11)]), at("0.3", "0.4")


def helical_valley():
    # The angle of (x1, x2) in turns: atan(x2/x1)/(2 pi), and half a turn more where x1 < 0.
    return total(["10*(x3 - 10*(atan(x2/x1)/(2*pi) + select(x1 < 0, 1/2, 0)))", "10*(sqrt(x1^2 + x2^2) - 1)",
                  "x3"]), at("-1", "0", "0")


def bard():
    return total(["%s - (x1 + %d/(%d*x2 + %d*x3))" % (y, u, 16 - u, min(u, 16 - u))
                  for u, y in enumerate(BARD, 1)]), at("1", "1", "1")


def gaussian():
    return total(["x1*exp(-x2*((8 - %d)/2 - x3)^2/2) - %s" % (i, y) for i, y in enumerate(GAUSS, 1)]), \
        at("0.4", "1", "0")


def meyer():
    return total(["x1*exp(x2/(%d + x3)) - %s" % (45 + 5*i, y) for i, y in enumerate(MEYER, 1)]), \
        at("0.02", "4000", "250")


def gulf():
    terms = []
    for i in range(1, 11):
        t = "%d/100" % i
        terms.append("exp(-(abs(25 + (-50*log(%s))^(2/3) - x2)^x3/x1)) - %s" % (t, t))
    return total(terms), at("5", "2.5", "0.15")


def box_3d():
    return total(["exp(-%d*x1/10) - exp(-%d*x2/10) - x3*(exp(-%d/10) - exp(-%d))" % (i, i, i, i)
                  for i in range(1, 6)]), at("0", "10", "20")


def powell_singular():
    return total(["x1 + 10*x2", "sqrt(5)*(x3 - x4)", "(x2 - 2*x3)^2", "sqrt(10)*(x1 - x4)^2"]), \
        at("3", "-1", "0", "1")


def wood():
    return total(["10*(x2 - x1^2)", "1 - x1", "sqrt(90)*(x4 - x3^2)", "1 - x3", "sqrt(10)*(x2 + x4 - 2)",
                  "(x2 - x4)/sqrt(10)"]), at("-3", "-1", "-3", "-1")


def kowalik_osborne():
    return total(["%s - x1*(%s^2 + %s*x2)/(%s^2 + %s*x3 + x4)" % (y, u, u, u, u) for y, u in zip(*KOWALIK)]), \
        at("0.25", "0.39", "0.415", "0.39")


def brown_dennis():
    return total(["(x1 + %d*x2/5 - exp(%d/5))^2 + (x3 + x4*sin(%d/5) - cos(%d/5))^2" % (i, i, i, i)
                  for i in range(1, 11)]), at("25", "5", "-5", "-1")


def osborne_1():
    return total(["%s - (x1 + x2*exp(-%d*x4) + x3*exp(-%d*x5))" % (y, 10*i, 10*i) for i, y in enumerate(OSBORNE1)]), \
        at("0.5", "1.5", "-1", "0.01", "0.02")


def biggs_exp6():
    terms = []
    for i in range(1, 14):
        y = "(exp(-%d/10) - 5*exp(-%d) + 3*exp(-4*%d/10))" % (i, i, i)
        terms.append("x3*exp(-%d*x1/10) - x4*exp(-%d*x2/10) + x6*exp(-%d*x5/10) - %s" % (i, i, i, y))
    return total(terms), at("1", "2", "1", "1", "1", "1")


def osborne_2():
    terms = []
    for i, y in enumerate(OSBORNE2):
        t = "%d/10" % i
        peaks = ["x%d*exp(-(%s - x%d)^2*x%d)" % (k, t, k + 7, k + 4) for k in (2, 3, 4)]
        terms.append("%s - (x1*exp(-%s*x5) + %s)" % (y, t, plus(peaks)))
    return total(terms), at("1.3", "0.65", "0.65", "0.7", "0.6", "3", "5", "7", "2", "4.5", "5.5")


def watson(n=6):
    terms = []
    for i in range(1, 30):
        slope = plus("%d*x%d*(%d/29)^%d" % (j - 1, j, i, j - 2) for j in range(2, n + 1))
        value = plus("x%d*(%d/29)^%d" % (j, i, j - 1) for j in range(1, n + 1))
        terms.append("%s - (%s)^2 - 1" % (slope, value))
    return total(terms + ["x1", "x2 - x1^2 - 1"]), at(*["0"]*n)


def extended_rosenbrock(n=4):
    terms = []
    for i in range(1, n, 2):
        terms += ["10*(x%d - x%d^2)" % (i + 1, i), "1 - x%d" % i]
    return total(terms), at(*["-1.2", "1"]*(n//2))


def extended_powell(n=8):
    terms = []
    for i in range(1, n, 4):
        terms += ["x%d + 10*x%d" % (i, i + 1), "sqrt(5)*(x%d - x%d)" % (i + 2, i + 3),
                  "(x%d - 2*x%d)^2" % (i + 1, i + 2), "sqrt(10)*(x%d - x%d)^2" % (i, i + 3)]
    return total(terms), at(*["3", "-1", "0", "1"]*(n//4))


def penalty_1(n=4):
    return total(["sqrt(1e-5)*(%s - 1)" % x for x in xs(n)] + [plus(x + "^2" for x in xs(n)) + " - 1/4"]), \
        at(*range(1, n + 1))


def penalty_2(n=4):
    terms = ["x1 - 0.2"]
    for i in range(2, n + 1):
        terms.append("sqrt(1e-5)*(exp(x%d/10) + exp(x%d/10) - (exp(%d/10) + exp(%d/10)))" % (i, i - 1, i, i - 1))
    terms += ["sqrt(1e-5)*(exp(x%d/10) - exp(-1/10))" % i for i in range(2, n + 1)]
    terms.append(plus("%d*x%d^2" % (n - j + 1, j) for j in range(1, n + 1)) + " - 1")
    return total(terms), at(*["1/2"]*n)


def variably_dimensioned(n=5):
    weighted = plus("%d*(x%d - 1)" % (j, j) for j in range(1, n + 1))
    return total([x + " - 1" for x in xs(n)] + [weighted, "(%s)^2" % weighted]), \
        at(*["%d/%d" % (n - j, n) for j in range(1, n + 1)])


def trigonometric(n=5):
    cosines = plus("cos(%s)" % x for x in xs(n))
    return total(["%d - (%s) + %d*(1 - cos(x%d)) - sin(x%d)" % (n, cosines, i, i, i) for i in range(1, n + 1)]), \
        at(*["1/%d" % n]*n)


def brown_almost_linear(n=5):
    return total(["x%d + %s - %d" % (i, plus(xs(n)), n + 1) for i in range(1, n)] + ["*".join(xs(n)) + " - 1"]), \
        at(*["1/2"]*n)


def discrete_boundary_value(n=5):
    terms = []
    for i in range(1, n + 1):
        left = "" if i == 1 else " - x%d" % (i - 1)
        right = "" if i == n else " - x%d" % (i + 1)
        terms.append("2*x%d%s%s + (1/%d)^2*(x%d + %d/%d + 1)^3/2" % (i, left, right, n + 1, i, i, n + 1))
    return total(terms), at(*["%d/%d*(%d/%d - 1)" % (i, n + 1, i, n + 1) for i in range(1, n + 1)])


def discrete_integral(n=4):
    def cube(j):
        return "(x%d + %d/%d + 1)^3" % (j, j, n + 1)

    terms = []
    for i in range(1, n + 1):
        low = plus("%d/%d*%s" % (j, n + 1, cube(j)) for j in range(1, i + 1))
        high = plus(["(1 - %d/%d)*%s" % (j, n + 1, cube(j)) for j in range(i + 1, n + 1)] or ["0"])
        terms.append("x%d + 1/%d*((1 - %d/%d)*(%s) + %d/%d*(%s))/2" % (i, n + 1, i, n + 1, low, i, n + 1, high))
    return total(terms), at(*["%d/%d*(%d/%d - 1)" % (i, n + 1, i, n + 1) for i in range(1, n + 1)])


def broyden_tridiagonal(n=5):
    terms = []
    for i in range(1, n + 1):
        left = "" if i == 1 else " - x%d" % (i - 1)
        right = "" if i == n else " - 2*x%d" % (i + 1)
        terms.append("(3 - 2*x%d)*x%d%s%s + 1" % (i, i, left, right))
    return total(terms), at(*["-1"]*n)


def broyden_banded(n=7):
    terms = []
    for i in range(1, n + 1):
        near = [j for j in range(max(1, i - 5), min(n, i + 1) + 1) if j != i]
        terms.append("x%d*(2 + 5*x%d^2) + 1 - (%s)" % (i, i, plus("x%d*(1 + x%d)" % (j, j) for j in near)))
    return total(terms), at(*["-1"]*n)


def linear_full_rank(n=4, m=6):
    terms = ["x%d - 2*(%s)/%d - 1" % (i, plus(xs(n)), m) for i in range(1, n + 1)]
    return total(terms + ["-2*(%s)/%d - 1" % (plus(xs(n)), m)]*(m - n)), at(*["1"]*n)


def linear_rank_1(n=4, m=6):
    return total(["%d*(%s) - 1" % (i, plus("%d*x%d" % (j, j) for j in range(1, n + 1))) for i in range(1, m + 1)]), \
        at(*["1"]*n)


def linear_rank_1_zeros(n=5, m=6):
    # It does not depend on its first and last variable.
    inner = plus("%d*x%d" % (j, j) for j in range(2, n))
    return total(["1"] + ["%d*(%s) - 1" % (i - 1, inner) for i in range(2, m)] + ["1"]), \
        ", ".join("x%d=1" % j for j in range(2, n))


def chebyquad(n=5):
    terms = []
    for i in range(1, n + 1):
        values = plus(chebyshev(i, "(2*%s - 1)" % x) for x in xs(n))
        integral = " + 1/%d" % (i*i - 1) if i % 2 == 0 else ""
        terms.append("(%s)/%d%s" % (values, n, integral))
    return total(terms), at(*["%d/%d" % (j, n + 1) for j in range(1, n + 1)])


def chebyshev(i, t):
    return {1: "%s", 2: "(2*%s^2 - 1)", 3: "(4*%s^3 - 3*%s)", 4: "(8*%s^4 - 8*%s^2 + 1)",
            5: "(16*%s^5 - 20*%s^3 + 5*%s)"}[i].replace("%s", t)


PROBLEMS = [
    rosenbrock, freudenstein_roth, powell_badly_scaled, brown_badly_scaled, beale, jennrich_sampson, helical_valley,
    bard, gaussian, meyer, gulf, box_3d, powell_singular, wood, kowalik_osborne, brown_dennis, osborne_1, biggs_exp6,
    osborne_2, watson, extended_rosenbrock, extended_powell, penalty_1, penalty_2, variably_dimensioned, trigonometric,
    brown_almost_linear, discrete_boundary_value, discrete_integral, broyden_tridiagonal, broyden_banded,
    linear_full_rank, linear_rank_1, linear_rank_1_zeros, chebyquad]


# Some derivatives are 0, by cancellation, and balls cannot tell them from their neighbours.
ZEROS = (gaussian, chebyquad)


def problems():
    for number, problem in enumerate(PROBLEMS, 1):
        expression, point = problem()
        yield ("%d. %s" % (number, problem.__name__.replace("_", " ")), expression, point,
               " undecided" if problem in ZEROS else "")
