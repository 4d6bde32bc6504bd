# SPDX-License-Identifier: LGPL-3.0-or-later
# Networks with the tool: train, evaluate, predict, summary, gradcheck; what they print, what they refuse, and Ctrl-C.
set -u
work=tool-networks
. "$abs_srcdir/tests/tool/lib.sh"
examples=$abs_srcdir/examples

run() { # EXPECTED-STATUS ARGUMENT...
  expected=$1
  shift
  "$TRIAD" "$@" >"$work/out" 2>"$work/err" </dev/null
  compare "status $expected: $*" "$expected" "$?"
}

has() { # NAME PATTERN FILE
  grep -q -e "$2" "$3"
  compare "$1" 0 $?
}

for command in train evaluate predict summary; do
  run 0 $command --help
  has "--help of $command tells the usage" "^Usage: triad $command" "$work/out"
done
run 0 gradcheck x.triad --help
has "--help of gradcheck of a network" '^Usage: triad gradcheck .*MODEL.triad|CONFIG.json --data' "$work/out"
run 0 gradcheck --help
has "--help of gradcheck tells of networks" 'MODEL.triad' "$work/out"
run 2 train
run 2 train "$examples/xor.json"
has "data are needed" 'triad train: --data is needed' "$work/err"
run 2 train "$examples/xor.json" --data=x --epochs=0
has "a wrong number is told with its option and what it may be" "^triad train: --epochs: .0. is no whole number from 1 to " "$work/err"
run 2 train "$examples/xor.json" --data=x --seed=-1
has "a wrong seed" "^triad train: --seed: .-1. is no whole number from 0 to " "$work/err"
run 2 train "$examples/xor.json" --data=x --epochs
run 2 train "$examples/xor.json" --data=x --nosuchoption
run 2 train "$examples/xor.json" --data=x --batch-size=1e3
run 2 train "$examples/xor.json" other.json --data=x
run 2 evaluate x.triad --data=x --seed=1
has "wrong usage points to --help" "Try 'triad evaluate --help'" "$work/err"
run 2 predict x.triad --data=x --output=x.txt
for command in emit gradcheck train evaluate predict summary; do
  run 2 --json $command f.tri --nosuchoption
  has "options before $command" "^triad: options go behind the subcommand: triad $command " "$work/err"
done

if ! "$TRIAD" summary "$examples/xor.json" >"$work/summary" 2>"$work/err"; then
  has "without Jansson that is told" 'triad was built without' "$work/err"
  echo "1..$count"
  exit 0
fi
has "a summary of a config" 'dense_1 (Dense) *│ (None, 1) *│ *5' "$work/summary"

# --- there and back
run 0 train "$examples/xor.json" --data="$examples/xor.csv" --output="$work/xor.triad"
if ! [ -s "$work/xor.triad" ] && grep -q 'without libzip' "$work/err"; then
  echo "1..$count"
  exit 0
fi
compare "a line an epoch, and one for the file" "101" "$(wc -l <"$work/out" | tr -d ' ')"
has "an epoch" '^epoch 100/100 - accuracy: 1.0000 - loss: 0.0' "$work/out"
has "the file is told" '^.*xor.triad is saved$' "$work/out"
cp "$work/xor.triad" "$work/first.triad"
run 0 train "$examples/xor.json" --data="$examples/xor.csv" --output="$work/xor.triad" --threads=2 -q
compare "quiet" "" "$(cat "$work/out" "$work/err")"
cmp -s "$work/xor.triad" "$work/first.triad"
compare "the same file whatever the threads" 0 $?
run 0 evaluate "$work/xor.triad" --data="$examples/xor.csv"
has "evaluate" '^accuracy: 1.0000 - loss: 0.0' "$work/out"
run 0 predict "$work/xor.triad" --data="$examples/xor.csv"
compare "predict: 0, 1, 1, 0" "0 1 1 0 " "$(LC_ALL=C awk '{ printf "%.0f ", $1 }' "$work/out")"
run 0 predict "$work/xor.triad" --data="$examples/xor.csv" --output="$work/p.csv"
compare "predictions in a file" "0 1 1 0 " "$(LC_ALL=C awk '{ printf "%.0f ", $1 }' "$work/p.csv")"
run 0 predict "$work/xor.triad" --data="$examples/xor.csv" --output="$work/p.npy"
compare "predictions in NPY" 1 "$("$TRIAD" --bind p="$work/p.npy" --bind q="$work/p.csv" -e 'select(abs(p[2, 1] - q[2]) < 1e-6, 1, 0)')"
printf '0,0\n1,0\n' >"$work/unlabelled.csv"
run 0 predict "$work/xor.triad" --data="$work/unlabelled.csv"
compare "predictions without labels" "0 1 " "$(LC_ALL=C awk '{ printf "%.0f ", $1 }' "$work/out")"
run 0 summary "$work/xor.triad"
has "a summary of a file" 'Model: "xor"' "$work/out"
run 0 gradcheck "$work/xor.triad" --data="$examples/xor.csv" --batch=4
has "gradcheck proves" '^PROVED: 17 of 17 entries' "$work/out"
run 0 gradcheck "$examples/xor.json" --data="$examples/xor.csv"
has "gradcheck of a config, before any training" '^PROVED: 17 of 17 entries' "$work/out"
run 0 train "$work/xor.triad" --data="$examples/xor.csv" --output="$work/more.triad" --epochs=2
has "training goes on" '^epoch 1/2 - accuracy: 1.0000' "$work/out"
for network in "$examples/xor.json" "$work/xor.triad"; do
  run 1 train "$network" --data="$examples/xor.csv" --output="$work/more.triad" --threads=1000000
  has "threads of ${network##*/}" 'memory error: 1000000 threads could not be started' "$work/err"
done

# --- JSON
run 0 train "$examples/xor.json" --data="$examples/xor.csv" --output="$work/xor.triad" --epochs=1 --json
has "an epoch in JSON" '^{"kind":"epoch","epoch":1,"epochs":1,"loss":"[0-9.]*","accuracy":"[0-9.]*"}$' "$work/out"
has "the file in JSON" '^{"kind":"saved","file":".*xor.triad"}$' "$work/out"
run 0 evaluate "$work/first.triad" --data="$examples/xor.csv" --json
has "evaluate in JSON" '^{"kind":"metrics","loss":"[0-9.]*","accuracy":"1"}$' "$work/out"
run 0 predict "$work/first.triad" --data="$examples/xor.csv" --json
has "predict in JSON" '^{"kind":"prediction","sample":3,"values":\["[0-9.e-]*"\]}$' "$work/out"
run 0 gradcheck "$work/first.triad" --data="$examples/xor.csv" --json
has "gradcheck in JSON" '^{"kind":"gradcheck","verdict":"PROVED","entries":17,"checked":17,' "$work/out"
run 1 evaluate "$work/first.triad" --data=/nonexistent --json
has "an error in JSON" '^{"kind":"error","code":"file","message":"/nonexistent: cannot be read: ' "$work/out"

# --- what is wrong: one line, that says where
wrong() { # NAME SED-SCRIPT PATTERN
  sed "$2" "$examples/xor.json" >"$work/wrong.json"
  run 1 train "$work/wrong.json" --data="$examples/xor.csv" --output="$work/wrong.triad"
  has "$1" "$3" "$work/err"
  compare "$1: one line" 1 "$(wc -l <"$work/err" | tr -d ' ')"
}
wrong "an unknown layer" 's/"Dense"/"Dence"/' 'wrong.json: model.config.layers\[1\]: there is no layer Dence'
wrong "a number that is none" 's/"units": 4/"units": "4"/' 'units: a whole number is expected, not "4"'
wrong "no JSON" 's/"units": 4,/"units": 4/' 'syntax error: .*wrong.json: line [0-9]*, column [0-9]*: '
wrong "an unknown loss" 's/binary_crossentropy/binary_entropy/' 'compile.loss: no loss is called binary_entropy'
wrong "an unknown optimizer" 's/"Adam"/"Adamant"/' 'compile.optimizer: no optimizer is called Adamant'
wrong "an unknown option of fit" 's/"epochs"/"epoch"/' 'fit.epoch: there is nothing of this name'
wrong "shapes that do not fit" 's/\[null, 2\]/[null, 3]/' 'shape error: .*(4, 2).*3'
wrong "how it is trained is missing" 's/"compile"/"fit2"/' 'fit2: there is nothing of this name'
wrong "an optimizer's option" 's/"learning_rate": /"learning_rate": -/' 'compile: learning_rate is not in '
wrong "epochs below 1" 's/"epochs": *[0-9]*/"epochs": -1/' 'argument error: .*wrong.json: fit.epochs: a whole number from 1 on is expected, not -1'
wrong "no epochs" 's/"epochs": *[0-9]*/"epochs": 0/' 'wrong.json: fit.epochs: a whole number from 1 on is expected, not 0'
wrong "a first epoch below 0" 's/"epochs":/"initial_epoch": -2, "epochs":/' 'fit.initial_epoch: a whole number from 0 on is expected, not -2'
wrong "a share that is none" 's/"epochs":/"validation_split": 1, "epochs":/' 'wrong.json: fit.validation_split: this is not in \[0, 1)'
for scale in 0 '"0\/5"' '"1e160\/1e-160"'; do
  wrong "a scale that is none: $scale" "s/\"seed\":/\"data\": {\"scale\": $scale}, \"seed\":/" 'data.scale: this is no scale: zero, or too large'
done
wrong "losses of one output" 's/"loss": "[a-z_]*"/"loss": ["mse", "mse"]/' 'compile.loss: 2 of them, and the model has 1 output$'
for text in '' '1,2,3' '  model' '"model"'; do
  printf '%s\n' "$text" >"$work/none.json"
  run 1 train "$work/none.json" --data="$examples/xor.csv" --output="$work/wrong.triad"
  has "neither of them: '$text'" 'file error: .*none.json: this is neither a .triad file nor JSON$' "$work/err"
done
compare "nothing is left behind" "" "$(ls "$work" | grep '^wrong.triad')"
printf '0,0,0\n0,1,1\n1,nan,1\n' >"$work/nan.csv"
run 1 train "$examples/xor.json" --data="$work/nan.csv" --output="$work/wrong.triad"
has "NaN in the data" 'nan' "$work/err"
sed 's/"units": 1, "activation": "sigmoid"/"units": 2, "activation": "softmax"/; s/binary/sparse_categorical/' \
  "$examples/xor.json" >"$work/classes.json"
printf '0,0,0\n0,1,1\n1,0,2\n' >"$work/labels.csv"
run 1 train "$work/classes.json" --data="$work/labels.csv" --output="$work/wrong.triad"
has "labels out of range" 'argument error: .*2' "$work/err"
mkdir -p "$work/empty"
run 1 train "$examples/xor.json" --data="$work/empty" --output="$work/wrong.triad"
has "missing data" 'there is neither train-images-idx3-ubyte (or .gz) nor x_train.npy in it' "$work/err"
run 1 train "$examples/xor.json" --data="$examples/xor.csv" --output="$work/nowhere/x.triad"
has "a file that cannot be written, before the training" 'nowhere/x.triad: cannot be written: ' "$work/err"
compare "before the training" "" "$(cat "$work/out")"
run 1 train "$examples/xor.json" --data="$examples/xor.csv" --output="$work/empty"
has "a folder is no file to write" 'empty: cannot be written: ' "$work/err"
compare "a folder is no file to write, before the training" "" "$(cat "$work/out")"
run 1 train "$examples/xor.json" --data="$examples/xor.csv" --output=/dev/null
has "a device is no file to write" '/dev/null: cannot be written: it is no file on a disk' "$work/err"
compare "a device is no file to write, before the training" "" "$(cat "$work/out")"
if [ -c /dev/full ]; then
  for command in train evaluate predict gradcheck; do
    set -- "$work/first.triad" --data="$examples/xor.csv"
    [ $command = train ] && set -- "$@" --output="$work/full.triad" --epochs=1
    "$TRIAD" $command "$@" >/dev/full 2>"$work/err"
    compare "status of $command on a full disk" 1 $?
    has "$command tells of a full disk" 'cannot write to standard output' "$work/err"
  done
  compare "the network is saved all the same" yes "$([ -s "$work/full.triad" ] && echo yes)"
fi
run 1 evaluate "$examples/xor.json" --data=/nonexistent
head -c 500 "$work/first.triad" >"$work/cut.triad"
run 1 evaluate "$work/cut.triad" --data="$examples/xor.csv"
has "a truncated file" 'cut.triad: cannot be read as a zip file' "$work/err"

# --- data in other forms
"$TRIAD" -e "write([[0, 0], [0, 1], [1, 0], [1, 1]], \"$work/x_train.npy\"); write([0, 1, 1, 0], \"$work/y_train.npy\")" >/dev/null
run 0 train "$examples/xor.json" --data="$work" --output="$work/npy.triad" -q
cmp -s "$work/npy.triad" "$work/first.triad"
compare "NPY in a folder gives the same" 0 $?

"$TRIAD" -e "write([[0, 0, 1], [0, 1, 2]], \"$work/wide.npy\")" >/dev/null
run 1 predict "$work/first.triad" --data="$work/wide.npy"
has "an array has no label in its last column" 'data of shape (2, 3) do not fit (None, 2)' "$work/err"

# --- a terminal that knows no more than lines
if script -qec true /dev/null >/dev/null 2>&1 </dev/null; then
  TERM=dumb script -qec "$TRIAD train $examples/xor.json --data=$examples/xor.csv --output=$work/dumb.triad --epochs=2" \
    /dev/null </dev/null | tr -d '\r' >"$work/out"
  has "a line an epoch on a dumb terminal" '^epoch 2/2 - accuracy: ' "$work/out"
  compare "no sequences on a dumb terminal" 0 "$(LC_ALL=C grep -c "$(printf '\033')" "$work/out")"
fi

# --- Ctrl-C
: >"$work/out" # by its first line it is known below that training goes on
"$TRIAD" train "$examples/xor.json" --data="$examples/xor.csv" --output="$work/stopped.triad" --epochs=100000000 >"$work/out" 2>"$work/err" &
pid=$!
for _ in $(seq 100); do
  [ -s "$work/out" ] && break
  sleep 0.1
done
kill -INT $pid
wait $pid
compare "interrupted" 130 $?
has "interrupted, that is told" 'interrupted: the network as it was after the last step in .*stopped.triad is saved' "$work/out"
run 0 evaluate "$work/stopped.triad" --data="$examples/xor.csv"
echo "1..$count"
