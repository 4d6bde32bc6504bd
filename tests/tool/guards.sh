# SPDX-License-Identifier: LGPL-3.0-or-later
# What would take for ever, or more memory than there is, is answered or refused quickly, in every domain.
set -u
work=tool-guards
. "$abs_srcdir/tests/tool/lib.sh"

command -v timeout >/dev/null || { echo '1..0 # SKIP no timeout'; exit 0; }

# One statement a line; each has an answer or an error.
cat >"$work/all.tri" <<'END'
set precision 10^9
set precision 1000000000
set precision 4000001
set digits 10^7
set digits 10000000
sin(1e100000000)
sin(1e1000)
sin(exp(1e5))
cos(exp(1e9))
tan(10^30)
cot(exp(exp(exp(10))))
gamma(1e18)
gamma(-1e18 - 1/2)
gamma(exp(1e5))
lgamma(1e300)
lgamma(-1e18 - 1/3)
digamma(-1e30 - 1/3)
digamma(exp(1e6))
polygamma(3, -1e30 - 1/3)
polygamma(3, 1e30)
exp(1e19)
exp(-1e19)
exp(exp(exp(10)))
exp(-exp(exp(10)))
expm1(1e19)
sinh(1e19)
sech(1e30)
gaussian(1e30)
erf(1e30)
erf(exp(1e6))
erfc(1e30)
softplus(1e30)
sigmoid(-1e30)
hypot(exp(1e9), exp(-1e9))
exp(1e9)^exp(1e9)
floor(exp(1e7))
floor(exp(1e17))
max(exp(1e18), 1) + 1
1 + exp(-1e15)
2^2^100
10^(10^12)
1.5^(10^18)
(1 + 2^-60)^(10^18)
value(x^(10^18), x=1)
value(x^(10^18), x=1.5)
value(x^(10^18), x=2)
value(x^(10^18), x=1/3)
value(x^(-10^18), x=2)
value(2^x, x=10^15)
value(x^x, x=10^9)
gradient(x^(10^18), x=1.5)
gradient(x^(10^18), x=1.5, mode=symbolic)
hessian(x^(10^18), x=2)
gradient(exp(exp(x)), x=1000)
gradient(gamma(x), x=1e18)
gradient(sin(x), x=10^1000)
derivatives(exp(x), x=1e10, 5)
value(exp(x) - exp(x + 1), x=1e18)
diff(x^(10^18), x)
expand((x + y)^(10^18))
taylor(x^(10^18), x=1, 3)
END
statements=$(wc -l <"$work/all.tri")

for domain in double float rational mpfr ball; do
  start=$(date +%s)
  timeout 60 "$TRIAD" --keep-going --json --domain=$domain "$work/all.tri" >"$work/$domain" 2>&1
  compare "$domain: ends" 1 $?
  compare "$domain: in time" yes "$([ $(($(date +%s) - start)) -le 20 ] && echo yes)"
  compare "$domain: an answer to each statement" "$statements" "$(grep -c '^{"line":' "$work/$domain")"
  compare "$domain: memory was never short" 0 "$(grep -c '"code":"memory"' "$work/$domain")"
done

# The same with certain digits, where precisions rise until all are.
{ echo 'set digits 30'; cat "$work/all.tri"; } >"$work/digits.tri"
timeout 60 "$TRIAD" --keep-going --json "$work/digits.tri" >"$work/digits" 2>&1
compare "digits: ends" 1 $?
compare "digits: an answer to each statement" $((statements + 1)) "$(grep -c '^{"line":' "$work/digits")"

message() { "$TRIAD" --domain="$1" -e "$2" 2>&1 >/dev/null | head -n 1; }
compare "precision" "-e:1:15: limit error: precision is a number of bits from 2 to 4000000, not 1000000000" \
  "$(message mpfr 'set precision 1000000000')"
compare "digits" "-e:1:12: limit error: digits is a number from 0 (off) to 1000000, not 10000000" \
  "$(message double 'set digits 10000000')"
compare "beyond the range of balls" "-e:1:1: limit error: exp at 1e19 is beyond the range of domain ball" \
  "$(message ball 'exp(1e19)')"
compare "undecided" "-e:1:1: limit error: tan at 1.5707963267948966 cannot be decided at 128 bits of precision" \
  "$(message ball 'tan(pi/2)')"
compare "an exact power" "-e:1:2: limit error: an exact power of more than 1000000 digits (the digit limit)" \
  "$(message rational '3^(10^18)')"

# What underflows in balls is enclosed around 0 and does not stand in the way; the digits printed are bounded.
compare "underflow in balls" "0 +/- 2.4e-323228497
[0 +/- 2.4e-323228497]
1.0000" "$("$TRIAD" --domain=ball -e 'exp(-1e19); gradient(sigmoid(x), x=1e30); softplus(1e30)' | cut -c1-22 | sed '3s/\(1.0000\)0*e*.*/\1/')"
echo "1..$count"
