# SPDX-License-Identifier: LGPL-3.0-or-later
# What the tests of the tool begin with: a folder of their own, $work, empty; and what they say of each comparison. To be read by them
# with work=NAME; each ends with the plan, echo "1..$count".
# shellcheck shell=sh disable=SC2154
rm -rf "$work" && mkdir -p "$work"
count=0

compare() { # NAME EXPECTED ACTUAL
  count=$((count + 1))
  printf '%s\n' "$2" >"$work/expected"
  printf '%s\n' "$3" >"$work/actual"
  if cmp -s "$work/expected" "$work/actual"; then echo "ok $count - $1"; else
    echo "not ok $count - $1"
    diff -u "$work/expected" "$work/actual" | sed 's/^/# /'
  fi
}

text() { # NAME INPUT EXPECTED
  compare "$1" "$3" "$(printf '%s\n' "$2" | "$TRIAD" - 2>&1)"
}

json() { # NAME INPUT EXPECTED
  compare "$1 (JSON)" "$3" "$(printf '%s\n' "$2" | "$TRIAD" --json --keep-going - 2>&1)"
}
