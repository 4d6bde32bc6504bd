# SPDX-License-Identifier: LGPL-3.0-or-later
# Runs every session that the README and the manual show: what stands after "triad> " is typed, the rest is compared. Commands
# shown after "$ " in the README's sh blocks are run as well, in the source folder; its C programs are compiled, run, and print what
# stands in the output block below each.
# Commands of the manual ("@c commands" before the @example) are run in a scratch folder with the examples' networks and data.
# A block of the README starts with ```triad, ```sh, ```c or ```output, one of the manual with "@c session" before its @example.
set -u
work=doc-sessions
rm -rf "$work" && mkdir -p "$work"

# Splits the blocks of a file into $work/NAME.N.KIND, one file each.
split_blocks() {
  awk -v out="$work/$(basename "$1")" '
    /^```output$/ { file = out "." n ".c.expected"; next }
    /^```(triad|sh|c)$/ { kind = substr($0, 4); n++; file = out "." n "." kind; next }
    /^```/ { file = ""; next }
    /^@c session$/ { next_is = "triad"; next }
    /^@c commands$/ { next_is = "commands"; next }
    next_is != "" && /^@example$/ { n++; file = out "." n "." next_is; next_is = ""; next }
    /^@end example$/ { file = ""; next }
    file != "" { gsub(/@dots\{\}/, "..."); gsub(/@@/, "@"); gsub(/@\{/, "{"); gsub(/@\}/, "}"); print > file }
  ' "$1"
}

# A session of the tool: all its input at once, all its output. Files that it writes are scratch.
run_session() {
  sed -n 's/^triad> //p' "$1" >"$1.in"
  grep -v '^triad> ' "$1" >"$1.expected"
  (cd "$work" && "$TRIAD" -q --keep-going -) <"$1.in" >"$1.out" 2>&1
}

# Shell commands with their output. The tool is on the path.
run_commands() {
  sed -n 's/^\$ //p' "$1" >"$1.in"
  grep -v '^\$ ' "$1" >"$1.expected"
  (cd "$abs_srcdir" && PATH=$(dirname "$TRIAD"):$PATH bash -e -s) <"$1.in" >"$1.out" 2>&1
}

# The same in a folder of their own. They need what networks in files need.
networks=$work/networks
mkdir -p "$networks"
cp "$abs_srcdir"/examples/*.json "$abs_srcdir"/examples/*.csv "$networks"
run_networks() {
  sed -n 's/^\$ //p' "$1" >"$1.in"
  grep -v '^\$ ' "$1" >"$1.expected"
  (cd "$networks" && PATH=$(dirname "$TRIAD"):$PATH bash -s) <"$1.in" >"$1.out" 2>&1
  grep -q 'triad was built without' "$1.out" && cp "$1.expected" "$1.out"
}

# A program, with the library of this build. The README's ten lines end without freeing what they made.
run_program() {
  # shellcheck disable=SC2086,SC2154
  { $CC -std=c11 -Wall -Wextra -Werror $cflags -I"$abs_srcdir/lib" -I"$abs_srcdir/lib/graph" -c -o "$1.o" "$1" &&
    ./libtool --quiet --tag=CC --mode=link $CC $cflags $ldflags -o "$1.program" "$1.o" libtriad.la &&
    ASAN_OPTIONS=detect_leaks=0 "./$1.program"; } >"$1.out" 2>&1
}
cflags=$(sed -n 's/^CFLAGS = //p' Makefile)
ldflags=$(sed -n 's/^LDFLAGS = //p' Makefile)

split_blocks "$abs_srcdir/README.md"
split_blocks "$abs_srcdir/doc/triad.texi"
split_blocks "$abs_srcdir/doc/network_tool.texi"
count=0
for block in "$work"/*.triad "$work"/*.sh "$work"/*.c "$work"/*.commands; do
  [ -f "$block" ] || continue
  count=$((count + 1))
  case $block in
    *.triad) run_session "$block" ;;
    *.commands) run_networks "$block" ;;
    *.sh) run_commands "$block" ;;
    *.c) run_program "$block" ;;
  esac
  if cmp -s "$block.expected" "$block.out"; then
    echo "ok $count - $(basename "$block")"
  else
    echo "not ok $count - $(basename "$block")"
    diff -u "$block.expected" "$block.out" | sed 's/^/# /'
  fi
done
echo "1..$count"
[ "$count" -gt 2 ] || echo "Bail out! the documents show no sessions"
