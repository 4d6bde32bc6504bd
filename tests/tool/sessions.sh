# SPDX-License-Identifier: LGPL-3.0-or-later
# Whole sessions, as text and as JSON: what goes in, what must come out, byte for byte.
set -u
work=tool-sessions
. "$abs_srcdir/tests/tool/lib.sh"

f='f(x, y) = x²y + y + 2'

# The main job, literally.
compare "acceptance" '{"line":1,"kind":"none"}
{"line":2,"kind":"vector","text":"[2*x*y, x^2 + 1]","value":["2*x*y","x^2 + 1"]}
{"line":3,"kind":"vector","text":"[24, 10]","value":["24","10"]}
{"line":4,"kind":"matrix","text":"[[2*y, 2*x], [2*x, 0]]","value":[["2*y","2*x"],["2*x","0"]]}
{"line":5,"kind":"dual","text":"42 + 24*eps","value":"42","tangent":"24"}' \
  "$(printf 'f(x,y)=x²y+y+2\ngradient(f)\ngradient(f,3,4)\nhessian(f)\nf(3+eps,4)\n' | "$TRIAD" --json -)"

compare "the script of the main job" 'f(3, 4) = 42
∂f/∂x = 2*x*y
∂f/∂y = x^2 + 1
gradient(f) = [2*x*y, x^2 + 1]
hessian(f) = [[2*y, 2*x], [2*x, 0]]
f(3 + ε, 4) = 42 + 24*eps
f(3 + ε, 4) = 42 + 24ε
gradient(f, 3, 4, mode=forward) = [24, 10]
gradient(f, 3, 4, mode=reverse) = [24, 10]
gradient(f, 3, 4, mode=symbolic) = [24, 10]
hessian(f, 3, 4) = [[8, 6], [6, 0]]' \
  "$("$TRIAD" "$abs_srcdir/examples/partials.tri" | grep -E '^(f\(3|∂|gradient|hessian).* = ')"

# Numbers.
text "numbers" '0.1 + 0.2
1/3
1e22
1.5e-7
2^0.5
exp(1000)
-exp(1000)
6*7; 0x1.8p3
pi
1 < 2; 2 < 1' '0.3
0.3333333333333333
1e22
1.5e-7
1.4142135623730951
inf
-inf
42
12
3.141592653589793
1
0'
text "rational" 'set domain rational
1/3 + 1/6
f(x, y) = x²y + y + 2
f(1/3, 1/7)
gradient(f, 1/3, 1/7)
hessian(f, 1/3, 1/7)
gradient(f, 1/3, 1/7, mode=forward)
gradient(f, 1/3, 1/7, mode=symbolic)' '1/2
136/63
[2/21, 10/9]
[[2/7, 2/3], [2/3, 0]]
[2/21, 10/9]
[2/21, 10/9]'

# Definitions bind when they are made; parameters shadow; names may be free.
text "definitions" 'a = 1/3
f(x) = a*x
a = 5
f(3); a
x = 100
f(2)
g(x) = x + b
g(1)
b = 2; g(1)
h = gradient(s^2*z)
h(3, 4)
clear a
a + a' '1
5
0.6666666666666666
b + 1
b + 1
[24, 9]
2*a'

# Dual numbers.
text "dual numbers" "$f
f(3 + ε, 4)
f(3, 4 + eps)
f(3 - 2eps, 4)
(1 + 2ε)(3 + 4ε)
eps^2
sin(eps)
[f(3 + eps, 4), 1]
f(x + eps, y)" '42 + 24*eps
42 + 10*eps
42 - 48*eps
3 + 10*eps
0 + 0*eps
0 + 1*eps
[42 + 24*eps, 1 + 0*eps]
x^2*y + y + 2 + 2*x*y*eps'

# A variable may be gone from an expression that is written with it.
text "variables that have gone" 'value(x^0, x=0); gradient(x^0, x=0)
gradient(0*b + y, y=2, b=1); gradient(0*b + y, [y], b=1, y=2)
hessian(y^2 + x - x, x=1, y=2)
value(z - z + 2w, z=1, w=2); jvp(a*0 + b, a=1, b=2, direction=[1, 2])
gradient(y, y=1, z=2)' '1
[0]
[0, 1]
[1]
[[0, 0], [0, 2]]
4
2
stdin:5:20: name error: z is no variable of the expression
  gradient(y, y=1, z=2)
                     ^'
text "bound names are no variables of a point" 'x = 3
gradient(x*y, y=1, x=2)' 'stdin:2:22: name error: x is no variable of the expression
  gradient(x*y, y=1, x=2)
                       ^'

# Derivatives, in every way of writing and running.
text "derivatives" "$f
diff(f, x); diff(f, y); diff(f, x, y); diff(f, x, 2)
∂f/∂x; ∂²f/∂x²; ∂²f/∂x∂y
diff(f, x)(3, 4); gradient(f)(3, 4); hessian(f)(3, 4)
s(t) = sin(t)*t
s'(0); s''(0)
diff(s)
grad(f); hess(f)
gradient(f, [y]); gradient(x*y*z, [z, x])
gradient(f, x=3, y=4); hessian(f, y=4, x=3)
gradient(a*x^2, [x], x=0.5, a=2)
gradient(f, a, 2)
gradient(f, 3 + eps, 4)
jacobian([x*y, x + y]); jacobian([x*y, x + y], 2, 3)
jacobian([x*y, x + y], 2, 3, mode=forward); jacobian([x*y, x + y], 2, 3, mode=symbolic)
hessian(f, 3, 4, mode=forward); hessian(f, 3, 4, mode=reverse); hessian(f, 3, 4, mode=symbolic)
jvp(f, 3, 4, direction=[1, 2]); jvp(f, direction=[1, 0]); jvp(f, 3, 4, direction=[1, 2], mode=symbolic)
jvp([x*y, x + y], x=2, y=3, direction=[1, 0])
vjp([x*y, x + y], x=2, y=3, weights=[1, 10]); vjp([x*y, x + y], x=2, y=3, weights=[1, 10], mode=symbolic)" '2*x*y
x^2 + 1
2*x
2*y
2*x*y
2*y
2*x
24
[24, 10]
[[8, 6], [6, 0]]
0
2
t*cos(t) + sin(t)
[2*x*y, x^2 + 1]
[[2*y, 2*x], [2*x, 0]]
[x^2 + 1]
[x*y, y*z]
[24, 10]
[[8, 6], [6, 0]]
[2]
[4*a, a^2 + 1]
[24 + 8*eps, 10 + 6*eps]
[[y, x], [1, 1]]
[[3, 2], [1, 1]]
[[3, 2], [1, 1]]
[[3, 2], [1, 1]]
[[8, 6], [6, 0]]
[[8, 6], [6, 0]]
[[8, 6], [6, 0]]
44
2*x*y
44
[3, 1]
[13, 12]
[13, 12]'
text "results are expressions again" "$f
2*gradient(f, 3, 4)
value(f, 3, 4) + 1
g = gradient(f, 3, 4)
g
value(x^2 + 1, x=0.5)
substitute(x^2 + y, x=y + 1, y=2)
expand((x + 1)^3)
simplify(x + y + x - y)
taylor(exp(x), x=0, 4)
taylor(sin(x), x=0, 5)" '[48, 20]
43
[24, 10]
1.25
(y + 1)^2 + 2
x^3 + 3*x^2 + 3*x + 1
2*x
x^4/24 + x^3/6 + x^2/2 + x + 1
x^5/120 - x^3/6 + x'
text "many derivatives at a point" "f(x) = x^3; derivatives(f, 2, 4)
derivatives(exp(sin(x)), x=0, 6)
derivatives(a*x^2, x=1, a=3, 3); derivatives(a*x^2, [x], a=3, x=1, 3)
set domain rational; derivatives(1/(1-x), x=1/3, 5)
set domain double; set digits 30; derivatives(tan(x), x=1, 3)
2*derivatives(x^2, x=3, 2)" '[12, 12, 6, 0]
[1, 1, 0, -3, -8, -3]
[6, 6, 0]
[6, 6, 0]
[9/4, 27/4, 243/8, 729/4, 10935/8]
[3.42551882081475976094167893354, 10.6698589449753174825803452272, 56.7029998672778140988293503850]
[12, 4]'
text "an infinite slope is no error" 'gradient(sqrt(x), 0); gradient(sqrt(x), 0, mode=forward); gradient(sqrt(x), 0, mode=symbolic)
gradient(sqrt(x))(0)' '[inf]
[inf]
[inf]
[inf]'

# Traces.
text "forward" "$f
forward(f, 3, 4)" 'forward mode at x = 3, y = 4

               along x       along y
v1 = x       = 3 + 1*eps     3 + 0*eps
v2 = y       = 4 + 0*eps     4 + 1*eps
v3 = v1^2    = 9 + 6*eps     9 + 0*eps
v4 = v2*v3   = 36 + 24*eps   36 + 9*eps
v5 = v2 + v4 = 40 + 24*eps   40 + 10*eps
v6 = v5 + 2  = 42 + 24*eps   42 + 10*eps

value: 42, d/dx: 24, d/dy: 10'
text "reverse" "$f
reverse(f, 3, 4)" 'reverse mode: the tape at x = 3, y = 4

v1 = x       = 3
v2 = y       = 4
v3 = v1^2    = 9
v4 = v2*v3   = 36
v5 = v2 + v4 = 40
v6 = v5 + 2  = 42

adjoints: a1 is the derivative of the result by v1

a6 = 1
a5 += a6*dv6/dv5 = 1*1 = 1    a5 = 1
a2 += a5*dv5/dv2 = 1*1 = 1    a2 = 1
a4 += a5*dv5/dv4 = 1*1 = 1    a4 = 1
a2 += a4*dv4/dv2 = 1*9 = 9    a2 = 10
a3 += a4*dv4/dv3 = 1*4 = 4    a3 = 4
a1 += a3*dv3/dv1 = 4*6 = 24   a1 = 24

value: 42, d/dx: 24, d/dy: 10'
text "rounding error" 'error(sqrt(x^2 + 1), x=1/3)' 'rounding error in double at x = 1/3

                                                  relative   ulps
computed        1.0540925533894598
certain value   1.05409255338945977733296451481
error           6.36e-17                          6.03e-17   0.286
bound           1.76e-16                          1.67e-16   0.792

step              value                adjoint   own error   share
v4     sqrt(v3)   1.0540925533894598   1         1.12e-16    63.2 %
v3     v2 + 1     1.1111111111111112   0.475     1.12e-16    30 %
v1     x          0.3333333333333333   0.317     2.78e-17    5 %
v2     v1^2       0.1111111111111111   0.475     6.94e-18    1.9 %'

json "rounding errors" 'error(0.1 + floor(3*x), x=1/3); error(exp(x), 800)' '{"line":1,"kind":"report","text":"rounding error in double at x = 1/3\n\n                                                  relative   ulps\ncomputed        1.1\ncertain value   1.10000000000000000000000000000\nerror           8.88e-17                          8.07e-17   0.4\nbound           1.18e-16                          1.08e-16   0.532\n\nstep               value   adjoint   own error   share\nv4     v3 + 1/10   1.1     1         1.12e-16    94.1 %\n       1/10        0.1     1         6.94e-18    5.9 %\n\nv3 = floor(v2): rounding errors could change how it falls out","report":"error","domain":"double","computed":"1.1","value":"1.10000000000000000000000000000","radius":"5.1e-30","error":"8.881784197001252e-17","uncertainty":"7.395740280592378e-33","bound":"1.1796119740039865e-16","precision":124,"steps":[{"name":"v4","operation":"v3 + 1/10","value":"1.1","adjoint":"1.0000000018626451","rounding":"1.110223026693108e-16","contribution":"1.1102230328969627e-16","share":"0.9411764693507686","jump":false},{"name":"","operation":"1/10","value":"0.1","adjoint":"1.0000000018626451","rounding":"6.938893916831925e-18","contribution":"6.938893955606017e-18","share":"0.05882352933442304","jump":false}],"flips":[{"name":"v3","operation":"floor(v2)","value":"1"}]}
{"line":1,"kind":"report","text":"rounding error in double at x = 800\n\n                                                      relative   ulps\ncomputed        inf\ncertain value   2.72637457211256656736477954637e347\nerror           inf                                   -          -\nbound           inf                                   -          -\n\nstep             value   adjoint   own error   share\nv2     exp(v1)   inf     1         inf         100 %\n\nno bound: exp overflows","report":"error","domain":"double","computed":"inf","value":"2.72637457211256656736477954637e347","radius":"5.1e317","error":"inf","uncertainty":"0","bound":"inf","reason":"exp overflows","precision":124,"steps":[{"name":"v2","operation":"exp(v1)","value":"inf","adjoint":"1.0000000018626451","rounding":"inf","contribution":"inf","share":"1","jump":true}],"flips":[]}'

json "traces" 'g(x) = sin(2x); forward(g, 0); reverse(g, 0)' '{"line":1,"kind":"none"}
{"line":1,"kind":"report","text":"forward mode at x = 0\n\n               along x\nv1 = x       = 0 + 1*eps\nv2 = 2*v1    = 0 + 2*eps\nv3 = sin(v2) = 0 + 2*eps\n\nvalue: 0, d/dx: 2","report":"forward","variables":["x"],"outputs":["0"],"steps":[{"name":"v1","operation":"x","value":"0","tangents":["1"]},{"name":"v2","operation":"2*v1","value":"0","tangents":["2"]},{"name":"v3","operation":"sin(v2)","value":"0","tangents":["2"]}],"tangents":[["2"]]}
{"line":1,"kind":"report","text":"reverse mode: the tape at x = 0\n\nv1 = x       = 0\nv2 = 2*v1    = 0\nv3 = sin(v2) = 0\n\nadjoints: a1 is the derivative of the result by v1\n\na3 = 1\na2 += a3*dv3/dv2 = 1*1 = 1   a2 = 1\na1 += a2*dv2/dv1 = 1*2 = 2   a1 = 2\n\nvalue: 0, d/dx: 2","report":"reverse","variables":["x"],"outputs":["0"],"steps":[{"name":"v1","operation":"x","value":"0","adjoint":"2"},{"name":"v2","operation":"2*v1","value":"0","adjoint":"1"},{"name":"v3","operation":"sin(v2)","value":"0","adjoint":"1"}],"contributions":[{"to":"v3","adjoint":"1","amount":"1","sum":"1"},{"to":"v2","from":"v3","adjoint":"1","partial":"1","amount":"1","sum":"1"},{"to":"v1","from":"v2","adjoint":"1","partial":"2","amount":"2","sum":"2"}],"gradient":["2"]}'

# JSON of every kind; several statements on a line; comments and blank lines give nothing.
json "every kind" 'f(x) = x^2; f(3); f(x)

# a comment; 1 + 1
[f(1), f(2)]; [x, 1]  # and one behind
[f(3 + eps), 1]; latex(x/2)
f(2
); f(
1, 2
)
1/0
show domain' '{"line":1,"kind":"none"}
{"line":1,"kind":"number","text":"9","value":"9"}
{"line":1,"kind":"expression","text":"x^2"}
{"line":4,"kind":"vector","text":"[1, 4]","value":["1","4"]}
{"line":4,"kind":"vector","text":"[x, 1]","value":["x","1"]}
{"line":5,"kind":"vector","text":"[9 + 6*eps, 1 + 0*eps]","value":["9","1"],"tangent":["6","0"]}
{"line":5,"kind":"text","text":"\\frac{x}{2}"}
{"line":6,"kind":"number","text":"4","value":"4"}
{"line":7,"kind":"error","code":"arity","column":4,"message":"f takes 1 argument, 2 given"}
{"line":10,"kind":"error","code":"domain","column":2,"message":"division by zero (column 2)"}
{"line":11,"kind":"text","text":"domain = double"}'

# Strict sessions: branches not chosen, and variables that were not asked for, are no kinks.
text "strict" 'set strict on; gradient(select(x > 0, x, abs(x)), x=0.5); gradient(abs(x)*y, [y], x=0, y=2); show strict
set strict off; gradient(abs(x), x=0)' '[1]
[0]
strict = on
[0]'

# Nested derivatives keep their infinitesimals apart.
text "no perturbation confusion" 'diff(x*diff(x + y, y), x); g(x) = x*diff(x + y, y); g(3 + eps)
f(x) = x^2; f(f(3 + eps) + eps); gradient(x*diff(x*y, y), x=3)' '1
3 + 1*eps
81 + 126*eps
[6]'

# Echo, for scripts.
compare "echo" '# a comment

f(x) = x^2
f(3) = 9
forward(f, 3)
forward mode at x = 3

            along x
v1 = x    = 3 + 1*eps
v2 = v1^2 = 9 + 6*eps

value: 9, d/dx: 6
set domain rational
1/3 = 1/3' "$(printf '# a comment\n\nf(x) = x^2   # with a remark\nf(3); forward(f, 3)\nset domain rational; 1/3\n' | "$TRIAD" --echo -)"

# Several -e are lines of one text; settings as options; order of -e and files.
compare "options" '1/3
{"line":2,"kind":"number","text":"4","value":"4"}' "$("$TRIAD" --domain=rational -e '1/3'; "$TRIAD" --json -e '# one' -e '2 + 2')"
echo 'b = a + 1; b' >"$work/b.tri"
compare "files and -e in order" '3
6' "$("$TRIAD" -e 'a = 2' "$work/b.tri" -e 'a*b')"

# Save and load.
compare "save and load" 'f(x, y) = x^2*y + y + 2
c = 1/3
g(x) = x/3
z = q^2
q = 7

domain = rational
precision = 128
digits = 0
strict = off
echo = off
unicode = auto' "$("$TRIAD" -e "$f; c = 1/3; g(x) = c*x; z = q²; q = 7; set domain rational; save $work/saved.tri" && "$TRIAD" -e "load $work/saved.tri; show")"
json "load" "load $work/b.tri" '{"line":1,"kind":"none","file":"'"$work"'/b.tri"}
{"line":1,"kind":"expression","file":"'"$work"'/b.tri","text":"a + 1"}
{"line":1,"kind":"none"}'

# Text for other programs.
text "text" "$f
latex(f)
ccode(sqrt(x)/y)
graph(x*y)" 'x^{2} y + y + 2
sqrt(x) / y
'"$("$TRIAD" -e 'graph(y*x)')"
echo "1..$count"
