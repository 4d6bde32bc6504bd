# SPDX-License-Identifier: LGPL-3.0-or-later
# Every function, call, command and setting has help with an example; every example runs, and prints what help shows.
set -u
work=tool-help
rm -rf "$work" && mkdir -p "$work"
count=0

names() { # TOPIC: the names that `help TOPIC` lists
  "$TRIAD" -e "help $1" | awk '{ print $1 }'
}

entry() { # NAME
  count=$((count + 1))
  "$TRIAD" -e "help $1" >"$work/help" 2>&1 || { echo "not ok $count - $1 (no help)"; return; }
  sed -n 's/^example: //p' "$work/help" | head -n 1 >"$work/example"
  test -s "$work/example" || { echo "not ok $count - $1 (no example)"; return; }
  "$TRIAD" -e "$(cat "$work/example")" >"$work/out" 2>&1 || { echo "not ok $count - $1 (its example fails)"; sed 's/^/# /' "$work/out"; return; }
  # What help shows below the example is what it prints (help itself is not run within help).
  if [ "$1" != help ]; then
    awk '/^example: / && !seen { seen = 1; next } seen && /^  / { print substr($0, 3); next } seen { exit }' "$work/help" >"$work/shown"
    grep -v '^$' "$work/out" >"$work/printed"
    grep -v '^$' "$work/shown" >"$work/expected"
    cmp -s "$work/expected" "$work/printed" || { echo "not ok $count - $1 (help shows something else)"; diff "$work/expected" "$work/printed" | sed 's/^/# /'; return; }
  fi
  echo "ok $count - $1: $(head -c 60 "$work/example")"
}

for topic in functions calls commands settings; do
  for name in $(names $topic); do entry "$name"; done
done
for sign in + - '*' / '<' '<=' '>' '>=' '==' '!=' and or not; do entry "$sign"; done

# The rule of a function stands in its help.
rule() { # NAME VARIABLE DERIVATIVE
  count=$((count + 1))
  found=$("$TRIAD" -e "help $1" | sed -n "/^d\/d$2$/{n;p;}")
  if [ "$found" = "  $3" ]; then echo "ok $count - d/d$2 of $1"; else echo "not ok $count - d/d$2 of $1: $found"; fi
}
rule tanh x 'sech(x)^2'
rule atan2 y '-x/hypot(x, y)^2'

# The lists are whole.
listed() { # TOPIC LEAST
  count=$((count + 1))
  n=$(names "$1" | wc -l)
  if [ "$n" -ge "$2" ]; then echo "ok $count - $n $1"; else echo "not ok $count - only $n $1"; fi
}
listed functions 40
listed calls 19
listed commands 7
listed settings 5
echo "1..$count"
