# SPDX-License-Identifier: LGPL-3.0-or-later
# Arrays and loops in sessions: values, derivatives in the shapes of their variables, declarations, errors; as text and as JSON.
set -u
work=tool-arrays
. "$abs_srcdir/tests/tool/lib.sh"
LC_ALL=C.UTF-8
export LC_ALL

code() { # STATEMENT CODE COLUMN
  compare "$1" "\"code\":\"$2\",\"column\":$3" "$("$TRIAD" --json -e "$1" | tail -n 1 | grep -o '"code":"[a-z]*","column":[0-9]*')"
}

text "values" 'sum(i^2, i=1..10); prod(i, i=1..5); map(i^2, i=1..4); map(i, i=1..0)
[[1, 2], [3, 4]][2, 1]; [[1, 2], [3, 4]][2]; [1, 2, 3, 4][2..3]
scan(s + i, s=0, i=1..4); fold((s + 2/s)/2, s=1, i=1..6)
n = 3; sum(i, i=1..n)
a = [3, 1, 2]; map(a[4 - i], i=1..3)
sum(a[1] + eps*i, i=1..3)' '385
120
[1, 4, 9, 16]
[]
3
[3, 4]
[2, 3]
[1, 3, 6, 10]
1.414213562373095
6
[2, 1, 3]
9 + 6*eps'

text "functions of arrays" 'f(x[n], a) = sum(x[i]^2, i=1..n)*a
f([1, 2, 3], 2); f([1, 2], 2)
f([1 + eps, 2], 2)
g(A[m, n], x[n]) = map(dot(A[i], x), i=1..m)
g([[1, 2], [3, 4], [5, 6]], [1, 1])
mean_of(x[n]) = sum(x)/n; mean_of([1, 2, 6])
k(x[3]) = x[2]; k([4, 5, 6])' '28
10
10 + 4*eps
[3, 7, 11]
3
5'

for mode in forward reverse symbolic; do
  text "derivatives at a point, $mode" "f(x[n], a) = sum(x[i]^2, i=1..n)*a
gradient(f, [1, 2, 3], 2, mode=$mode)
h(x[n]) = fold(s*x[i] + x[i]^2, s=1, i=1..n); gradient(h, [1, 2, 3], mode=$mode)
hessian(f, [1, 2], 3, mode=$mode)
g(A[m, n]) = map(sum(A[i]), i=1..m); jacobian(g, [[1, 2], [3, 4]], mode=$mode)" '[[4, 8, 12], 14]
[18, 18, 14]
[[6, 0, 2], [0, 6, 4], [2, 4, 0]]
[[1, 1, 0, 0], [0, 0, 1, 1]]'
done

text "products with derivatives" 'g(A[m, n]) = map(sum(A[i]^2), i=1..m)
jvp(g, [[1, 2], [3, 4]], direction=[[1, 0], [0, 1]])
vjp(g, [[1, 2], [3, 4]], weights=[1, 10])
array x[n]; value(dot(x, x), x=[1, 2]); gradient(dot(x, x)*b, x=[1, 2], b=3)
gradient(dot(x, x)*b, [b], x=[1, 2], b=3)' '[2, 8]
[[2, 4], [60, 80]]
5
[5, [6, 12]]
[5]'

text "symbolic derivatives" 'f(x[n], y[n]) = sum(x[i]*exp(y[i]), i=1..n)
gradient(f)
g(x[n]) = sum(x[i]^2, i=1..n); gradient(g); gradient(g)([1, 2, 3])
u(t) = sum(t^i, i=1..3); diff(u, t); diff(u, t)(1)
q(x[n], a) = a*sum(x); gradient(q)' '[map(exp(y[i]), i=1..n), map(exp(y[i])*x[i], i=1..n)]
map(2*x[i], i=1..n)
[2, 4, 6]
sum(i*t^(i - 1), i=1..3)
6
[map(a, i=1..n), sum(x)]'

text "declarations" 'array x[n], A[2, n]
sum(A[1, i]*x[i], i=1..n); show x; show n
g = norm(x); value(g, x=[3, 4])
x = [1, 2]; sum(x)
clear x; x' 'sum(A[1, i]*x[i], i=1..n)
array x[n]
size n
5
3
x'

"$TRIAD" -e "array x[n]; f(y[m], a) = a*sum(y[i]^2, i=1..m); g = f(x, 2); save $work/saved.tri"
compare "saved" 'array x[n]
f(y[m], a) = a*sum(y[i]^2, i=1..m)
g = 2*sum(x[i]^2, i=1..n)
14' "$(grep -E '^(array|f|g)' "$work/saved.tri"; "$TRIAD" -e "load $work/saved.tri; f([1, 2], 2) + value(g, x=[1, 1])" | tail -n 1)"

text "certain digits and exact numbers" 'set domain rational; f(x[n]) = sum(1/x[i], i=1..n); f([2, 3]); gradient(f, [2, 3])
set domain double; set digits 25; sum(1/i, i=1..10); logsumexp([1, 2, 3])' '5/6
[-1/4, -1/9]
2.928968253968253968253968
3.407605964444380304482920'

json "kinds" 'f(x[n], a) = sum(x[i]^2, i=1..n)*a
gradient(f, [1, 2], 2)
gradient(f)
map(i^2, i=1..2)
map([i, 1], i=1..2)
map(i, i=1..0)
array x[n]; map(x[i], i=1..n) + 1
gradient(dot(x, x), x=[1, 2])' '{"line":1,"kind":"none"}
{"line":2,"kind":"vector","text":"[[4, 8], 5]","value":[["4","8"],"5"]}
{"line":3,"kind":"vector","text":"[map(2*a*x[i], i=1..n), sum(x[i]^2, i=1..n)]","value":["map(2*a*x[i], i=1..n)","sum(x[i]^2, i=1..n)"]}
{"line":4,"kind":"vector","text":"[1, 4]","value":["1","4"]}
{"line":5,"kind":"matrix","text":"[[1, 1], [2, 1]]","value":[["1","1"],["2","1"]]}
{"line":6,"kind":"vector","text":"[]","value":[]}
{"line":7,"kind":"none"}
{"line":7,"kind":"expression","text":"x + 1"}
{"line":8,"kind":"vector","text":"[2, 4]","value":["2","4"]}'

text "powers of arrays: a factor that is not 0 needs no strong zero" 'array x[n], y[n]
gradient(sum(x^2)); gradient(sum(y*x^3)); gradient(sum(x^(5/2)))
gradient(sum(x^y))' '2*x
[3*x^2*y, x^3]
5*x^(3/2)/2
[gate(y, x^(y - 1)), gate(x^y, log(x))]'

compare "an index out of range" '-e:1:18: shape error: index 4 is out of range: there are 3 elements, from 1 on
  a = [1, 2, 3]; a[4]
                   ^' "$("$TRIAD" -e 'a = [1, 2, 3]; a[4]' 2>&1)"
compare "shapes that do not fit" '-e:1:28: shape error: y is of shape [n] where n is 2, and shape [3] does not fit
  f(x[n], y[n]) = dot(x, y); f([1, 2], [1, 2, 3])
                             ^' "$("$TRIAD" -e 'f(x[n], y[n]) = dot(x, y); f([1, 2], [1, 2, 3])' 2>&1)"

code 'f(x[n]) = sum(x); f([[1, 2]])' shape 19
code 'f(x[n]) = sum(x); f(3)' shape 19
code 'f(x[n]) = sum(x); gradient(f, 3)' shape 31
code 'f(x[n]) = sum(x); gradient(f, [1, 2], 3)' arity 19
code 'f(x) = x^2; gradient(f, [1, 2])' shape 25
code 'f(x[n]) = sum(x); hessian(f)' shape 19
code 'f(x[n]) = sum(x); jvp(f, [1, 2], direction=[1, 2, 3])' shape 44
code 'f(x[n]) = n; f(x[n]) = sum(i, i=1..n); diff(f, x)' shape 40
code 'f(n[n]) = 3' name 5
code 'f(x[pi]) = 3' name 5
code 'f(x[n], n) = 3' name 5
code 'f(x[n], x[m]) = 3' name 9
code 'sum = 3' name 1
code 'array x' syntax 7
code 'array 3' syntax 1
code 'array sin[3]' name 7
code 'n = 3; array x[n]' name 16
code 'sum(i, i=1..q)' shape 10
code 'f(y[n], a) = a*sum(y); taylor(f, y=0, 2)' shape 36
code 'array x[n]; taylor(x[1]^2, x=0, 2)' shape 30
verdict() { # STATEMENTS VERDICTS: of the function and of each derivative
  compare "$1" "$2" "$("$TRIAD" --json -e "$1" | tail -n 1 | grep -o '"verdict":"[A-Z]*"' | sed 's/.*:"\(.*\)"/\1/' | tr '\n' ' ')"
}
verdict 'verify(sum(x^i, i=1..3), x=2)' 'PROVED PROVED PROVED '
verdict 'f(x[n]) = sum(abs(x[i]), i=1..n); verify(f, [1, 0])' 'UNDECIDED PROVED PROVED UNDECIDED '
verdict 'h(c, x[n]) = fold(sin(s*c + x[i]), s=c, i=1..n); verify(h, 0.3, [0.1, 0.2])' 'PROVED PROVED PROVED PROVED PROVED '
verdict 'array x[n]; g(x[n]) = sum(x^2); gradcheck(g, [1, 2], claim=2*x)' 'PROVED PROVED PROVED '
verdict 'array x[n]; g(x[n], a) = a*sum(map(sin(x[i]), i=1..n)); gradcheck(g, [1, 2], 3, claim=concat(map(a*cos(x[i]), i=1..2), [sum(x)]))' 'REFUTED PROVED PROVED REFUTED '
verdict 'array x[n]; g(x[n]) = fold(s*x[i], s=1, i=1..n); gradcheck(g, x=[2, 3], claim=[x[2], x[1]])' 'PROVED PROVED PROVED '
code 'error(sum(x^i, i=1..3), x=2)' arity 1
code 'derivatives(sum(exp(t*i), i=1..2), t=0, 3)' arity 1
echo "1..$count"
