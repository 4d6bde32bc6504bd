# SPDX-License-Identifier: LGPL-3.0-or-later
# Certain digits, domains, verdicts and claims, from the command line. Numbers are mpmath's.
set -u
work=tool-certified
. "$abs_srcdir/tests/tool/lib.sh"

member() { # NAME: what "NAME": is followed by in standard input, every time
  grep -o "\"$1\":\"[^\"]*\"" | sed "s/^\"$1\"://; s/\"//g" | tr '\n' ' ' | sed 's/ $//'
}

# --- certain digits
f='f(x, y) = x²y + y + 2'
compare "50 digits of a gradient" \
  '[0.94280904158206336586779248280646538571311458358463, 1.1111111111111111111111111111111111111111111111111]' \
  "$("$TRIAD" --digits=50 -e "$f; gradient(f, 1/3, 2^0.5)")"
for mode in forward reverse symbolic; do
  compare "50 digits, $mode" \
    '[0.94280904158206336586779248280646538571311458358463, 1.1111111111111111111111111111111111111111111111111]' \
    "$("$TRIAD" --digits=50 -e "$f; gradient(f, 1/3, 2^0.5, mode=$mode)")"
done
compare "values, Hessians, duals" '[3.5713484026367722764463208046774423095218576393077, 42]
[[6.2831853071795864769252867665590057683943387987502, 0.66666666666666666666666666666666666666666666666667], [0.66666666666666666666666666666666666666666666666667, 0]]
0.84147098480789650665250232163029899962256306079837 + 0.54030230586813971740093660744297660373231042061792*eps
4.2999013158975020957279689554837816233740036436113' \
  "$("$TRIAD" --digits=50 -e "$f; [f(1/3, 2^0.5), f(3, 4)]; hessian(f, 1/3, pi); sin(1 + eps)" \
    -e "jvp(x²y, x=1/3, y=2, direction=[pi, 1])")"
compare "digits that no double has" '-0.85220084976718880177270589375302936826176215041004
1.0000000000000000000000000000005000000000000000000e-30
1.9700711140170469938888793522433231253169379853238e434' \
  "$("$TRIAD" --digits=50 -e 'sin(1e22); exp(1e-30) - 1; exp(1000)')"
compare "a hundred digits" '2.678938534707747633655692940974677644128689377957301100950428327590417610167743819540982889041188789
[1.253380767493446836972374580884476114748126751643441898269112633467153563862501775040374932925257437]' \
  "$("$TRIAD" -e 'set digits 100; gamma(1/3); gradient(exp(sin(x)), x=1)')"
compare "digits off again" '0.8414709848078965' "$("$TRIAD" -e 'set digits 40; set digits 0; sin(1)')"

# --- radii in JSON
compare "a number's radius (JSON)" \
  '{"line":1,"kind":"number","text":"0.84147098480789650665","value":"0.84147098480789650665","radius":"5.1e-21"}' \
  "$("$TRIAD" --json --digits=20 -e 'sin(1)')"
compare "a dual number's radii (JSON)" \
  '{"line":1,"kind":"dual","text":"0.84147098480789650665 + 0.54030230586813971740*eps","value":"0.84147098480789650665","tangent":"0.54030230586813971740","radius":"5.1e-21","tangent_radius":"5.1e-21"}' \
  "$("$TRIAD" --json --digits=20 -e 'sin(1 + eps)')"
compare "radii in the shape of the numbers (JSON)" \
  '{"line":1,"kind":"none"}
{"line":1,"kind":"vector","text":"[2.0943951024, 1.1111111111]","value":["2.0943951024","1.1111111111"],"radius":["5.1e-11","5.1e-11"]}
{"line":1,"kind":"matrix","text":"[[6.2831853072, 0.66666666667], [0.66666666667, 0]]","value":[["6.2831853072","0.66666666667"],["0.66666666667","0"]],"radius":[["5.1e-11","5.1e-12"],["5.1e-12","0"]]}
{"line":1,"kind":"number","text":"4.2999013159","value":"4.2999013159","radius":"5.1e-11"}' \
  "$("$TRIAD" --json --digits=11 \
    -e "$f; gradient(f, 1/3, pi); hessian(f, 1/3, pi); jvp(x²y, x=1/3, y=2, direction=[pi, 1])")"
compare "exact numbers have radius 0 (JSON)" \
  '{"line":1,"kind":"number","text":"42","value":"42","radius":"0"}
{"line":1,"kind":"dual","text":"42 + 24*eps","value":"42","tangent":"24","radius":"0","tangent_radius":"0"}' \
  "$("$TRIAD" --json --digits=20 -e '6*7; (3 + eps)^2*4 + 6')"
compare "without digits there is none (JSON)" '{"line":1,"kind":"number","text":"0.8414709848078965","value":"0.8414709848078965"}' \
  "$("$TRIAD" --json -e 'sin(1)')"
compare "what cannot be told from 0 says how small it is" 'yes' \
  "$("$TRIAD" --json --digits=30 -e 'cos(pi/2)' | grep -Eq '"value":"0","radius":"[0-9.]+e-[0-9]{3,}"' && echo yes)"

# --- domains
compare "mpfr" '0.841470984807896506652502321630298999624
[0.942809041582063365867792482806465385714, 1.11111111111111111111111111111111111111]
0.841470984807896506652502321630298999622563060798371065672752' \
  "$("$TRIAD" -e "set domain mpfr; sin(1); $f; gradient(f, 1/3, 2^0.5); set precision 200; sin(1)")"
compare "balls hold the true value" '0.841470984807896506652502321630298999621 +/- 3.5e-39' \
  "$("$TRIAD" -e 'set domain ball; sin(1)')"
compare "float" '0.84147096
[0.94280905, 1.1111112]
inf' "$("$TRIAD" --domain=float -e "sin(1); $f; gradient(f, 1/3, 2^0.5); exp(100)")"
compare "a ball that is a pole" 'domain' \
  "$("$TRIAD" --json --domain=ball -e '1/(1/3 - 1/3)' | member code)"

# --- verify
compare "verify (JSON)" 'PROVED PROVED PROVED PROVED|42 24 10|0 0 0' \
  "$("$TRIAD" --json -e "$f; verify(f, 3, 4)" >"$work/report"
    member verdict <"$work/report"; printf '|'; member value <"$work/report"; printf '|'; member radius <"$work/report")"
for call in 'verify(sin(x*y)/x, x=2, y=3)' 'verify(atan2(y, x)*exp(-x^2), x=0.3, y=-0.8)' \
  'verify(tanh(0.3 - 1.5tanh(0.1 + 0.7tanh(1.2w - 0.3))), w=0.5)' \
  'n(w1, w2, w3, x) = sigmoid(w3*tanh(w2*softplus(w1*x))); verify(n, 0.3, -0.7, 1.1, 2)'; do
  compare "$call" PROVED "$("$TRIAD" --json -e "$call" | grep report | sed 's/.*"report":"verify","verdict":"\([A-Z]*\)".*/\1/')"
done
compare "verify at a kink" 'UNDECIDED PROVED UNDECIDED|abs at 0 has no derivative: it is a kink' \
  "$("$TRIAD" --json -e 'verify(abs(x), x=0)' >"$work/report"
    member verdict <"$work/report"; printf '|'; member reason <"$work/report")"
compare "verify of a branch that ties" 'UNDECIDED PROVED UNDECIDED UNDECIDED' \
  "$("$TRIAD" --json -e 'verify(max(x, y)*x, x=2, y=2)' | member verdict)"
compare "verify where there is no value" 'domain' "$("$TRIAD" --json -e 'verify(log(x), x=-1)' | member code)"

# --- triad gradcheck
printf 'a = 1/2\ng(x) = abs(x)\nf(x, y) = x²y + y + 2\n' >"$work/f.tri"
claims() { # NAME STATUS VERDICTS ARGUMENTS...
  name=$1 status=$2 verdicts=$3
  shift 3
  "$TRIAD" gradcheck "$work/f.tri" --json "$@" >"$work/report" 2>"$work/err"
  compare "gradcheck: $name" "$status|$verdicts" "$?|$(member verdict <"$work/report")"
}
claims "right claims" 0 'PROVED PROVED PROVED' --claim '2*x*y; x^2 + 1' --at '3, 4'
claims "right numbers" 0 'PROVED PROVED PROVED' --claim '24; 10' --at 'x=3, y=4'
claims "wrong by 0.05 %" 1 'REFUTED REFUTED PROVED' --claim '2.001*x*y; x^2 + 1' --at 'y=4, x=3'
claims "wrong by 1e-20" 1 'REFUTED PROVED REFUTED' --claim '2*x*y; x^2 + 1 + 1e-20' --at '3, 4'
claims "roots" 0 'PROVED PROVED PROVED' --claim '2*x*y; x^2 + 1' --at 'sqrt(2), pi'
claims "a kink" 3 'UNDECIDED UNDECIDED' --function=g --claim '0' --at 0
claims "beside the kink" 0 'PROVED PROVED' --function=g --claim 'x/abs(x)' --at=-2
claims "too few claims" 1 '' --claim '24' --at '3, 4'
claims "no claims" 2 '' --at '3, 4'
"$TRIAD" gradcheck "$work/none.tri" --claim 1 --at 0 2>/dev/null
compare "gradcheck: no file" 1 $?
echo "1..$count"
