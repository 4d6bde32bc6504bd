# SPDX-License-Identifier: LGPL-3.0-or-later
# Where python3 has mpmath: some of the corpus's numbers are made again and have to be the same.
set -u
python3 -c 'import mpmath' 2>/dev/null || exit 77
corpus=$abs_srcdir/tests/corpus
PYTHONDONTWRITEBYTECODE=1 python3 "$corpus/make.py" 'x^(x^x)' 'atan2(y, x)*exp' 'gamma(x)*gamma(y)' 'derivative 5 | exp' \
  '(x^2 + 9)' 'jvp 1,2' 'select(x' '10*(x2 - x1^2)' '1e22' >numbers.out || exit 1
test "$(wc -l <numbers.out)" -gt 30 && grep -v '^#' "$corpus/corpus.txt" >numbers.expected && ! grep -vxFf numbers.expected numbers.out
status=$?
rm -f numbers.out numbers.expected
exit $status
