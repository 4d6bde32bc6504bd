# SPDX-License-Identifier: LGPL-3.0-or-later
# Exit statuses, options, files and streams, and memory that stays bounded.
set -u
work=tool-status
. "$abs_srcdir/tests/tool/lib.sh"

status() { # EXPECTED ARGUMENT...
  expected=$1
  shift
  "$TRIAD" "$@" >"$work/out" 2>"$work/err" </dev/null
  compare "status $expected: $*" "$expected" "$?"
}

has() { # NAME PATTERN FILE
  grep -q "$2" "$3"
  compare "$1" 0 $?
}

status 0 -e '1 + 1'
status 0 --version
has "--version names the program" '^triad [0-9]' "$work/out"
status 0 --help
has "--help tells the usage" '^Usage: triad' "$work/out"
status 0
status 0 -
status 1 -e '1/0'
status 1 /nonexistent
has "a missing file is named" 'cannot read /nonexistent: No such file' "$work/err"
status 1 /
has "a folder is no file" 'cannot read /: it is a directory' "$work/err"
status 2 --nosuchoption
has "wrong usage points to --help" "Try 'triad --help'" "$work/err"
status 2 --domain=octonion
status 2 --precision=-5
status 2 --color=red
status 2 -e
status 0 -e 'quit' -e '1/0'

# Standard output that does not take what is written.
"$TRIAD" -e '1 + 1' >/dev/full 2>"$work/err"
compare "a full disk" 1 $?
has "a full disk is told" 'cannot write to standard output' "$work/err"
"$TRIAD" -e '1 + 1' >&- 2>"$work/err"
compare "closed output" 1 $?
(yes '1 + 1' | "$TRIAD" - 2>"$work/err"; echo $? >"$work/status") | head -n 1 >/dev/null
compare "a reader that goes away" 1 "$(cat "$work/status")"
"$TRIAD" - <&- >/dev/null 2>"$work/err"
compare "closed input" 1 $?
"$TRIAD" -e 'save '"$work"'/only.tri' >&- 2>/dev/null
compare "a closed stream's number is not taken by a file" 1 "$(grep -c saved "$work/only.tri")"

# Bytes that are no text.
printf '1 + \000 2\n3\n' | "$TRIAD" --keep-going - >"$work/out" 2>"$work/err"
compare "NUL bytes" 1 $?
compare "what follows NUL bytes" 3 "$(cat "$work/out")"
printf '1 + \377\n' | "$TRIAD" - 2>"$work/err"
compare "invalid UTF-8" 1 $?
has "invalid UTF-8 is told" 'stdin:1:5: syntax error: invalid UTF-8' "$work/err"
printf '\357\273\2771 + 1\r\n2\r\n' >"$work/dos.tri"
compare "a byte order mark, and lines that end in CR LF" "2
2" "$("$TRIAD" "$work/dos.tri")"
printf '1 + 1' >"$work/no-newline.tri"
compare "no newline at the end" 2 "$("$TRIAD" "$work/no-newline.tri")"

# 100 MB on one line: refused, in less memory than the line, and what follows it is read.
# Libraries take some memory of their own: what a triad has taken that has answered and waits.
mkfifo "$work/idle"
"$TRIAD" - <"$work/idle" >"$work/answer" 2>/dev/null &
idle=$!
exec 9>"$work/idle"
echo '6*7' >&9
for _ in $(seq 300); do
  [ -s "$work/answer" ] && break
  sleep 0.1
done
base=$(sed -n 's/^VmPeak:[^0-9]*\([0-9]*\) kB$/\1/p' /proc/$idle/status 2>/dev/null)
exec 9>&-
wait $idle
limited() { (ulimit -v $((${base:-160000} + 102400)) && "$TRIAD" "$@"); }
if [ "${base:-0}" -lt 1000000 ] && limited -e 1 >/dev/null 2>&1; then
  { head -c 104857600 /dev/zero | tr '\000' 1; printf '\n6*7\n'; } | limited --keep-going - >"$work/out" 2>"$work/err"
  compare "100 MB on one line" 1 $?
  has "a line too long is told" 'stdin:1: limit error: the line is longer than' "$work/err"
  compare "what follows a line too long" 42 "$(cat "$work/out")"
  { printf '('; yes '1 +' | head -c 104857600; } | limited - >"$work/out" 2>"$work/err"
  compare "a bracket that stays open for 100 MB" 1 $?
fi

# Numbers look the same under every locale; only the characters may differ.
if LC_ALL=de_DE.UTF-8 locale -k LC_NUMERIC 2>/dev/null | grep -q 'decimal_point=","'; then
  compare "a comma locale" "1.5" "$(LC_ALL=de_DE.UTF-8 "$TRIAD" -e '3/2')"
fi

# Interrupted: 130.
mkfifo "$work/fifo"
"$TRIAD" "$work/fifo" >/dev/null 2>&1 &
pid=$!
exec 9>"$work/fifo"
kill -INT $pid
wait $pid
compare "interrupted while waiting for input" 130 $?
exec 9>&-

# Colour only where it is asked for, or on a terminal without NO_COLOR.
compare "no colour in files" 0 "$("$TRIAD" -e '1/0' 2>&1 | grep -c "$(printf '\033')")"
compare "--color=always" 2 "$("$TRIAD" --color=always -e '1/0' 2>&1 | grep -c "$(printf '\033')")"
compare "JSON is without colour" 0 "$("$TRIAD" --json --color=always -e 'plot(x, x=0..1)' | grep -c "$(printf '\033')")"

# The variable is named below a plot whose derivatives made the graph grow, and with it the place where names are.
"$TRIAD" -e 'plot(sin(x^2)*exp(-x^2/8)*log(x^2+1)/(1+x^4) - tanh(x*cos(x)), x=-3..3)' >"$work/out"
compare "the variable below a plot" "-3 x 3" "$(tail -n 1 "$work/out" | tr -s ' ' | sed 's/^ //')"

# Pictures, where the programs for them are there; without them a clear error.
if command -v dot >/dev/null; then
  "$TRIAD" -e 'graph(x*y, 3, 4, "'"$work"'/g.svg")' >"$work/out"
  has "a graph drawn by Graphviz" '= 12, adjoint 1' "$work/g.svg"
fi
if command -v gnuplot >/dev/null; then
  for ending in svg png; do
    "$TRIAD" -e "plot(sin(x), x=-3..3, \"$work/p 'quoted\$\`.$ending\")" >"$work/out" 2>"$work/err"
    compare "a plot as $ending" yes "$(test -s "$work/p 'quoted\$\`.$ending" && echo yes)"
  done
fi
PATH=/nonexistent "$TRIAD" -e "graph(x, \"$work/none.svg\")" 2>"$work/err"
compare "no Graphviz" 1 $?
has "no Graphviz is told" 'cannot run dot: it is not installed' "$work/err"
compare "no picture is left behind" no "$(ls "$work" | grep -q none && echo yes || echo no)"
"$TRIAD" -e "graph(x, \"$work/g.dot\")" >/dev/null
has "a graph as DOT" digraph "$work/g.dot"
echo "1..$count"
