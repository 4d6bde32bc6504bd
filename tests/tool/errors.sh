# SPDX-License-Identifier: LGPL-3.0-or-later
# Bad input: the message, the place, the caret, the exit status; and nothing that was there before is lost.
set -u
work=tool-errors
. "$abs_srcdir/tests/tool/lib.sh"
LC_ALL=C.UTF-8
export LC_ALL

# The message on standard error, and that the status is 1.
fails() { # NAME STATEMENTS EXPECTED
  compare "$1" "$3
status 1" "$("$TRIAD" -e "$2" 2>&1 >/dev/null; echo "status $?")"
}

# Code and column as programs see them.
code() { # STATEMENT CODE COLUMN
  compare "$1" "\"code\":\"$2\",\"column\":$3" "$("$TRIAD" --json -e "$1" | tail -n 1 | grep -o '"code":"[a-z]*","column":[0-9]*')"
}

fails "syntax" '1 + )' "-e:1:5: syntax error: expected a value after '+', found ')'
  1 + )
      ^"
fails "a tab before the place" "	1 +	)" "-e:1:6: syntax error: expected a value after '+', found ')'
  	1 +	)
  	   	^"
fails "wide characters" '漢字 + )' "-e:1:8: syntax error: expected a value after '+', found ')'
  漢字 + )
         ^"
fails "combining marks" 'é + )' "-e:1:5: syntax error: expected a value after '+', found ')'
  é + )
      ^"
fails "the second line" '1 + (2
  + 3))' "-e:2:7: syntax error: no bracket is open for ')'
    + 3))
        ^"
fails "the culprit of a domain error" '1 + log(-1)' "-e:1:5: domain error: log at -1 (column 5)
  1 + log(-1)
      ^"
fails "the culprit within a function" 'f(x) = log(x); 2*f(-1)' "-e:1:18: domain error: log at -1 (column 18)
  f(x) = log(x); 2*f(-1)
                   ^"
fails "a kink in a strict session" 'set strict on; 1 + gradient(abs(x), x=0)' "-e:1:29: domain error: abs at 0 has no derivative: it is a kink (column 29)
  set strict on; 1 + gradient(abs(x), x=0)
                              ^"
fails "a kink in a strict session, symbolically" 'set strict on; hessian(max(x, y), x=1, y=1, mode=symbolic)' "-e:1:24: domain error: max at (1, 1) has no derivative: it is a kink (column 24)
  set strict on; hessian(max(x, y), x=1, y=1, mode=symbolic)
                         ^"
fails "a second derivative that does not exist" 'hessian(hypot(x, y), x=0, y=0)' "-e:1:9: domain error: the second derivative of hypot at (0, 0) does not exist (column 9)
  hessian(hypot(x, y), x=0, y=0)
          ^"
fails "a file that is not there" 'load /nonexistent/x.tri' "-e:1:6: file error: cannot read /nonexistent/x.tri: No such file or directory
  load /nonexistent/x.tri
       ^"
long=$(printf '%0200d' 0 | tr 0 1)
fails "a long line is shown in part" "$long + ) + $long" "-e:1:204: syntax error: expected a value after '+', found ')'
  …$(printf %s "$long" | cut -c1-57) + ) + $(printf %s "$long" | cut -c1-36)…
   $(printf '%060d' 0 | tr 0 ' ')^"

code '1/0' domain 2
code 'f(x) = x; f(1, 2)' arity 11
code 'sin(1, 2)' arity 1
code 'nosuch(3)' name 1
code 'f(x, y) = xy' name 11
code 'f(x) = f(x - 1)' name 8
code 'a = a + 1' name 5
code 'sin = 3' name 1
code 'set = 3' name 1
code 'f(x, x) = x' name 6
code 'f(pi) = 3' name 3
code 'f(x) = x; f(2) = 3' syntax 16
code '2^2^100' limit 2
code '10^(10^12)' limit 3
code '9^9^9^9' limit 4
code 'set precision -5' limit 15
code 'set precision 1e3' limit 15
code 'set digits -1' limit 12
code 'set domain octonion' name 12
code 'set domain complex' name 12
code 'set colour red' name 5
code 'set domain' arity 1
code 'show nothing' name 6
code 'clear nothing' name 7
code 'help nothing' name 6
code 'load /' file 6
code 'save /' file 6
code 'save /nonexistent/x' file 6
code '[1, [2]]' shape 5
code '(1 + 2' syntax 7
code '[1, 2' syntax 6
code '1 2' syntax 3
code 'f(x) = x²; f(3' syntax 15
code '1/2x' syntax 4
code '"text' syntax 1
code '"text"' syntax 1
code 'x=-3..3' syntax 3
code 'gradient()' arity 1
code 'gradient(x, mode=sideways)' name 18
code 'gradient(x, q=2)' name 15
code 'gradient(x*y, x=2)' name 1
code 'gradient(x*y, 1, 2, 3)' arity 1
code 'gradient([x, y])' shape 10
code 'gradient(3)' arity 10
code 'gradient(x^2, mode=forward)' arity 1
code 'value(x*y, x=2)' name 1
code 'value(x, x=1, x=2)' name 17
code 'jvp(x*y, 1, 2)' arity 1
code 'jvp(x*y, 1, 2, direction=[1])' shape 26
code 'vjp([x, y], 1, 2, weights=3)' shape 27
code 'forward(x^2)' arity 1
code 'forward(log(x), -1)' domain 9
code 'gradient(log(x), x=-1)' domain 10
code 'gradient(log(x), x=-1, mode=forward)' domain 10
code 'gradient(log(x), x=-1, mode=symbolic)' domain 10
code 'hessian(log(x), x=-1)' domain 9
code 'hessian(log(x), x=-1, mode=forward)' domain 9
code 'f(x) = log(x); gradient(f)(-1)' domain 16
code "f(x) = log(x); f'(-1)" domain 16
code 'f(x) = log(x); g = gradient(f); g(-1)' domain 33
code 'set domain rational; sin(1)' domain 22
code 'taylor(x, 2, x)' syntax 11
code 'taylor(x, x=0, -1)' limit 16
code 'derivatives(log(x), x=-1, 3)' domain 13
code 'derivatives(x^2, x=3, 0)' limit 23
code 'derivatives(x^2, x=3, 10001)' limit 23
code 'derivatives(x^2, 3, x=1)' syntax 23
code 'derivatives(x*y, 1, 2, 3)' arity 13
code 'derivatives(x*y, x=1, 3)' name 1
code 'derivatives(x^2, x=a, 3)' name 1
code 'derivatives([x, x], x=1, 3)' shape 13
code 'diff(x*y)' arity 1
code 'x = 3; diff(y, x)' name 16
code 'plot(x^2)' arity 1
code 'plot(x*y, x=0..1)' name 1
code 'f(a, b) = a*b; plot(f, a=0..1)' name 16
code 'plot(x, x=3..1)' domain 11
code 'plot(log(x), x=-2..-1)' domain 1
code 'plot(x*y, x=0..1)' name 1
code 'plot(x, x=0..1, "p.txt")' file 17
code 'graph(x, "g.txt")' file 10
code 'graph(x, "/nonexistent/g.svg")' file 10
code 'forward(x, 1) + 1' syntax 1
code 'a = latex(x)' syntax 5

# What was defined before a failure is still there after it.
compare "nothing is lost" '42
42' "$(printf 'f(x) = 2x\nf(21)\nf(\n)\nf(x) = 1 +\nf(21)\n' | "$TRIAD" --keep-going - 2>/dev/null)"
# A failing statement stops a file; with --keep-going it does not, and the status is the same.
compare "a failure stops" '1
status 1' "$(printf '1\n1/0\n2\n' | "$TRIAD" - 2>/dev/null; echo "status $?")"
compare "--keep-going" '1
2
status 1' "$(printf '1\n1/0\n2\n' | "$TRIAD" --keep-going - 2>/dev/null; echo "status $?")"
echo "1..$count"
