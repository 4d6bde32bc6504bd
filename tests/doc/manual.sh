# SPDX-License-Identifier: LGPL-3.0-or-later
# The manual is built and whole: it names every function that the library exports, every operation, and everything that the
# tool's help lists.
set -u
command -v makeinfo >/dev/null || command -v texi2any >/dev/null || exit 77
info=doc/triad.info
count=0

check() { # WHAT BEHIND NAME...: each name (~ for a blank), with that behind it, stands in the manual
  local what=$1 behind=$2 name missing=
  shift 2
  count=$((count + 1))
  for name; do name=$(echo "$name" | tr '~' ' '); grep -qF -- "$name$behind" "$info" 2>/dev/null || missing="$missing $name"; done
  if [ $# -gt 0 ] && [ -z "$missing" ]; then echo "ok $count - $# $what"
  else echo "not ok $count - $what; missing:$missing"; fi
}

count=$((count + 1))
if [ -s "$info" ]; then echo "ok $count - the manual is built"; else echo "not ok $count - no $info"; fi

ops=$(sed -n 's/^OP[123](\([a-z_0-9]*\),.*/\1/p' "$abs_srcdir/lib/graph/ops.def")
# Constructors of rows are told of by the table of operations.
functions=$(sed -n 's/.*[ *]\(tri_[a-z_0-9]*\)(.*/\1/p' $(ls "$abs_srcdir"/lib/triad/*.h | grep -v /tape_record) | sort -u)
declared=
for f in $functions; do
  grep -qE "^(TRI_CHECKED )?(TRI_API|TRI__RECORDER) .*[ *]$f\(" "$abs_srcdir"/lib/triad/*.h && declared="$declared $f"
done
# shellcheck disable=SC2086
check functions " (" $declared
# shellcheck disable=SC2046
check types "" $(sed -n 's/^typedef [a-z]* (\{0,1\}\*\{0,1\}\(tri_[a-z_]*\)[ )].*/Type: \1/p' "$abs_srcdir"/lib/triad/*.h | sed 's/ /~/')
# shellcheck disable=SC2086
check operations "(a" $ops
names() { "$TRIAD" -e "help $1" | awk '{ print $1 }'; }
# shellcheck disable=SC2046
check calls "(" $(names calls)
# shellcheck disable=SC2046
check settings " " $(names settings | sed 's/^/set~/')
echo "1..$count"
