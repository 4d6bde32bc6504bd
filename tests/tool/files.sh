# SPDX-License-Identifier: LGPL-3.0-or-later
# Arrays from files and to files, and names bound on the command line.
set -u
work=tool-files
. "$abs_srcdir/tests/tool/lib.sh"
LC_ALL=C.UTF-8
export LC_ALL

run() { # NAME EXPECTED ARGUMENT...
  name=$1 expected=$2
  shift 2
  compare "$name" "$expected" "$("$TRIAD" "$@" 2>&1)"
}

npy() { # FILE HEADER DATA: the data in printf's escapes; headers of these tests have less than 256 bytes
  { printf '\223NUMPY\001\000'
    printf "\\$(printf '%03o' ${#2})\\000%s" "$2"
    printf "$3"; } >"$1"
}

with() { grep -q "^#define HAVE_$1 1" config.h; } # LIBRARY: whether triad was built with it

printf '1\n2\n3\n' >"$work/column.csv"
printf '4,5,6\r\n' >"$work/row.csv"
printf 'a;b\n1;0.1\n-3;1e-2\n' >"$work/table.csv"
npy "$work/matrix.npy" "{'descr': '|u1', 'fortran_order': True, 'shape': (2, 3), }" \
  '\001\002\003\004\005\006'
npy "$work/large.npy" "{'descr': '<u8', 'fortran_order': False, 'shape': (2,), }" \
  '\377\377\377\377\377\377\377\377\000\000\000\000\000\000\000\200'
npy "$work/number.npy" "{'descr': '>f8', 'fortran_order': False, 'shape': (), }" \
  '\300\010\000\000\000\000\000\000'
npy "$work/inf.npy" "{'descr': '<f4', 'fortran_order': False, 'shape': (1,), }" \
  '\000\000\200\177'
printf 'PK\003\004 and so on' >"$work/other"

text "read" "x = read(\"$work/column.csv\"); x; sum(x)
read(\"$work/row.csv\")
read(\"$work/table.csv\"); read(\"$work/table.csv\", header=yes, separator=semicolon)[2]
read(\"$work/matrix.npy\")
read(\"$work/number.npy\") + 1
read(\"/dev/null\")
f(x[n]) = sum(x[i]^2, i=1..n); f(read(\"$work/column.csv\")); gradient(f, x=read(\"$work/column.csv\"))
array x[n]; value(sum(x[i]^2, i=1..n), x=read(\"$work/row.csv\"))" '[1, 2, 3]
6
[4, 5, 6]
[[1, 0.1], [-3, 0.01]]
[-3, 0.01]
[[1, 3, 5], [2, 4, 6]]
-2
[]
14
[2, 4, 6]
77'

text "numbers are exactly those of the file" "set domain rational; read(\"$work/table.csv\"); read(\"$work/large.npy\")" '[[1, 1/10], [-3, 1/100]]
[18446744073709551615, 9223372036854775808]'

text "write and read" "f(x[n]) = sum(x[i]^3, i=1..n)/3; x = [0.1, 2, 3]
write(gradient(f, x), \"$work/g.npy\"); read(\"$work/g.npy\")
write(f, x=[1, 2], \"$work/f.csv\"); read(\"$work/f.csv\")
write([[1, 2], [3, 4], [5, 6]]/7, \"$work/m.npy\"); read(\"$work/m.npy\")*7
write([[1, 2], [3, 0.1]], \"$work/m.csv\"); read(\"$work/m.csv\")
write(map(i^2, i=1..4), \"$work/l.csv\"); read(\"$work/l.csv\")
set domain float; write([0.1], \"$work/s.npy\"); set domain double; read(\"$work/s.npy\")
set domain mpfr; write([1/3], \"$work/t.npy\"); set domain double; read(\"$work/t.npy\")" "wrote $work/g.npy
[0.010000000000000002, 4, 9]
wrote $work/f.csv
[3]
wrote $work/m.npy
[[1, 2], [3, 4], [5, 6]]
wrote $work/m.csv
[[1, 2], [3, 0.1]]
wrote $work/l.csv
[1, 4, 9, 16]
wrote $work/s.npy
[0.10000000149011612]
wrote $work/t.npy
[0.3333333333333333]"
compare "the text of CSV" '1,2
3,0.1' "$(cat "$work/m.csv")"
compare "floats are written as floats" 1 "$(grep -c "'<f4'\|'>f4'" "$work/s.npy")"
compare "nothing is left beside" 0 "$(find "$work" -name '*.tmp' | wc -l)"

json "kinds" "x = read(\"$work/column.csv\"); x
write(x, \"$work/j.npy\")
read(\"$work/no-such-file\")" "{\"line\":1,\"kind\":\"none\"}
{\"line\":1,\"kind\":\"vector\",\"text\":\"[1, 2, 3]\",\"value\":[\"1\",\"2\",\"3\"]}
{\"line\":2,\"kind\":\"text\",\"text\":\"wrote $work/j.npy\",\"file\":\"$work/j.npy\"}
{\"line\":3,\"kind\":\"error\",\"code\":\"file\",\"column\":6,\"message\":\"$work/no-such-file: cannot be read: No such file or directory\"}"

run "bind a file" '14
[2, 4, 6]' --bind "x=$work/column.csv" -e 'f(x[n]) = sum(x[i]^2, i=1..n); f(x); gradient(f, x)'
run "bind numbers" '7
[2, 4]
-1' --bind 'x=[1, 2]' --bind=a=7 --bind b=-1 -e 'a; 2x; b'
run "bind without results" '{"line":1,"kind":"number","text":"6","value":"6"}' --json --bind "x=$work/column.csv" -e 'sum(x)'
compare "bind, and statements from standard input" 6 "$(echo 'sum(x)' | "$TRIAD" --bind "x=$work/column.csv" 2>&1)"
cp "$work/column.csv" "$work/with \"quotes\" and \\.csv"
run "any name of a file" 6 --bind "x=$work/with \"quotes\" and \\.csv" -e 'sum(x)'
run "bind what is not there" "--bind:1:10: file error: $work/none: cannot be read: No such file or directory
  x = read(\"$work/none\")
           ^" --bind "x=$work/none" -e '1'
for wrong in 'x' '=1' 'x=' '1=2' 'f(x)=2'; do
  "$TRIAD" --bind "$wrong" -e 1 >"$work/out" 2>&1
  compare "bind $wrong is wrong usage" 2 $?
done
"$TRIAD" --bind "x=$work/none" -e 1 >/dev/null 2>&1
compare "what fails to be bound fails" 1 $?

failed() { # STATEMENT MESSAGE: the code, the column and the message
  compare "$1" "$2" "$("$TRIAD" --json -e "$1" | tail -n 1 | sed 's/.*"code":"\(.*\)","column":\([0-9]*\),"message":"\(.*\)"}/\1 \2 \3/')"
}
failed "read(\"$work\")" "file 6 $work: it is a directory"
failed "read(\"\")" 'file 6 the file has no name'
failed 'read(3)' "syntax 6 read: a file's name in quotes is expected here"
failed 'read("a", 3)' 'syntax 11 read cannot use this argument: write read(\"FILE\", \"NAME\", header=yes, separator=semicolon)'
failed 'read("a", header=maybe)' 'name 18 header is yes or no'
failed 'read("a", separator=x)' 'name 21 separator is comma, semicolon or tab'
failed "read(\"$work/table.csv\", header=no)" "file 6 $work/table.csv: line 1, column 1: 'a' is no number"
failed "read(\"$work/inf.npy\")" "file 6 $work/inf.npy: element 1: inf and nan are no numbers here"
if with LIBZIP; then
  failed "read(\"$work/other\")" "file 6 $work/other: cannot be read as a zip file: Not a zip archive"
else
  failed "read(\"$work/other\")" "file 6 $work/other: this is a zip file, and triad was built without libzip"
fi
printf '\001\002 and so on' >"$work/binary"
failed "read(\"$work/binary\")" "file 6 $work/binary: this is neither NPY, NPZ, CSV, IDX nor safetensors"
failed "read(\"$work/row.csv\", \"a\")" "name 6 $work/row.csv: its array has no name, so 'a' is not in it"
printf '1,2\n3,x\n' >"$work/bad.csv"
failed "1 + read(\"$work/bad.csv\")" "file 10 $work/bad.csv: line 2, column 3: 'x' is no number"
failed 'write(x, "a.npy")' 'name 1 the point gives no value for x'
failed 'array x[n]; write(x, "a.npy")' 'name 13 the point gives no value for x'
failed 'write([1, 2], "a.txt")' 'file 15 numbers are written to a file ending in .npy or .csv'
failed 'write([1, 2])' 'arity 1 write: 1 argument given; write write(e, POINT, \"FILE\")'
failed 'write([1, 2], 3)' 'syntax 1 write: to which file? write write(e, POINT, \"FILE\")'
failed "write([1, 1/0], \"$work/none.npy\")" 'domain 12 division by zero (column 12)'
failed "write([[[1]]], \"$work/none.csv\")" "shape 16 $work/none.csv: an array of 3 dimensions is no CSV"
failed "write([1], \"$work/no/a.npy\")" "file 12 $work/no/a.npy: cannot be written: No such file or directory"
failed 'read = 3' 'name 1 read is a call of the language and cannot be defined'
compare "what could not be written is not there" '' "$(ls "$work" | grep none)"

# Other formats, as far as there are libraries for them.
printf '\000\000\011\002\000\000\000\002\000\000\000\002\001\002\003\377' >"$work/idx"
run "IDX" '[[1, 2], [3, -1]]' -e "read(\"$work/idx\")"
tensors='{"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]},"b":{"dtype":"BOOL","shape":[],"data_offsets":[2,3]}} '
{ printf "\\$(printf '%03o' ${#tensors})\\000\\000\\000\\000\\000\\000\\000%s" "$tensors"; printf '\007\010\001'; } >"$work/two.safetensors"
if with JANSSON; then
  run "safetensors" '[7, 8]
1' -e "read(\"$work/two.safetensors\", \"a\"); read(\"$work/two.safetensors\", \"b\")"
  failed "read(\"$work/two.safetensors\")" "name 6 $work/two.safetensors: it has 2 arrays; a second name in quotes says which: a, b"
  failed "read(\"$work/two.safetensors\", \"c\")" "name 6 $work/two.safetensors: no array in it is named 'c'; it has a, b"
else
  failed "read(\"$work/two.safetensors\", \"a\")" "file 6 $work/two.safetensors: this is safetensors, and triad was built without Jansson"
fi
if with ZLIB && command -v gzip >/dev/null; then
  gzip -c "$work/idx" >"$work/idx.gz"
  gzip -c "$work/table.csv" >"$work/table.csv.gz"
  run "packed by gzip" '[[1, 2], [3, -1]]
[[1, 0.1], [-3, 0.01]]' -e "read(\"$work/idx.gz\"); read(\"$work/table.csv.gz\")"
fi

# Pipes, of which nobody knows how long they are.
compare "CSV from a pipe" '[1, 2]' "$(printf '1,2' | "$TRIAD" -e 'read("/dev/stdin")' 2>&1)"
compare "NPY from a pipe" '[[1, 3, 5], [2, 4, 6]]' "$(cat "$work/matrix.npy" | "$TRIAD" -e 'read("/dev/stdin")' 2>&1)"

# Products of matrices do not depend on how many threads CBLAS would take.
product='write(matmul(map(map(sin(i*j), j=1..784), i=1..32), map(map(cos(i+3*j), j=1..300), i=1..784)), "'
for threads in 1 2; do
  OPENBLAS_NUM_THREADS=$threads "$TRIAD" -q -e "$product$work/by$threads.npy\")" >/dev/null
done
compare "one thread or two" '' "$(cmp "$work/by1.npy" "$work/by2.npy" 2>&1)"

# Many numbers are read as fast as they are, within the limit of numbers.
awk 'BEGIN { for (i = 1; i <= 200000; i++) print i % 7 }' >"$work/many.csv"
run "many numbers" 599997 --bind "x=$work/many.csv" -e 'sum(x)'
npy "$work/huge.npy" "{'descr': '<f8', 'fortran_order': False, 'shape': (20000000, 100), }" ''
failed "read(\"$work/huge.npy\")" "file 6 $work/huge.npy: the data end after 0 of 16000000000 bytes"
compare "too many from a pipe" '"code":"limit","column":6,"message":"/dev/stdin: 16000000000 bytes of memory are needed, and the limit is 1073741824"}' \
  "$(cat "$work/huge.npy" | "$TRIAD" --json -e 'read("/dev/stdin")' | sed 's/.*"code"/"code"/')"
echo "1..$count"
