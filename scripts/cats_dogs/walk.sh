#!/bin/sh
# Cats and dogs from pictures to predictions, all steps of the readme one after the other.
#
#   scripts/cats_dogs/walk.sh                             learns from nothing
#   scripts/cats_dogs/walk.sh --weights caffenet.caffemodel    and then from these weights, too
#   scripts/cats_dogs/walk.sh --small --data DIR          small nets for pictures of 48 x 48
#
# Pictures to learn from are in data/cats_dogs/train (cat.0.jpg, dog.0.jpg, ...), those to name in
# data/cats_dogs/test. Everything that is made goes to data/cats_dogs, or to the folder after --data.
set -eu
start=$PWD
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)

fail() {
    echo "walk.sh: $*" >&2
    exit 1
}

absolute() {
    case $1 in
        /*) echo "$1" ;;
        *) echo "$start/$1" ;;
    esac
}

data=data/cats_dogs
weights=
small=false
size=227
while [ $# -gt 0 ]; do
    case $1 in
        --small)
            small=true
            size=48
            ;;
        --weights | --data)
            [ $# -gt 1 ] || fail "$1 needs a value"
            if [ "$1" = --weights ]; then weights=$(absolute "$2"); else data=$(absolute "$2"); fi
            shift
            ;;
        *) fail "unknown argument $1 (known: --data DIR, --small, --weights FILE)" ;;
    esac
    shift
done
[ -z "$weights" ] || [ -f "$weights" ] || fail "there are no weights $weights"

cd "$root"
if [ -n "${PYTHON:-}" ]; then
    python=$PYTHON
elif [ -x .venv/bin/python ]; then
    python=.venv/bin/python
else
    python=python3
fi
nets=$data/nets

# Runs a training, its lines into a log beside the weights; what the last test said is printed.
train() {
    name=$1
    shift
    echo "Training $name; its log is $data/$name.log"
    "$python" -m caffepy.cli.main train --logtostderr "$@" 2>"$data/$name.log" || {
        tail -n 5 "$data/$name.log" >&2
        fail "the training failed"
    }
}

# The weights at the end of a solver's training.
trained() {
    iterations=$(sed -n 's/^max_iter: //p' "$nets/solver_$1.prototxt")
    echo "$data/model_$1_iter_$iterations.caffemodel"
}

# Curve and predictions of model 1 or 2.
look() {
    "$python" "$here/plot_learning_curve.py" "$data/model_$1.log" "$data/model_$1.png"
    "$python" "$here/make_predictions_$1.py" --deploy="$nets/deploy_$1.prototxt" \
        --weights="$(trained "$1")" --mean="$data/mean.binaryproto" --pictures="$data/test" \
        --out="$data/predictions_$1.csv"
}

"$python" "$here/make_nets.py" --data="$data" --out="$nets" --small="$small"
"$python" "$here/create_lmdb.py" --pictures="$data/train" --out="$data" --size="$size"
"$python" tools/compute_image_mean "$data/train_lmdb" "$data/mean.binaryproto"

train model_1 --solver="$nets/solver_1.prototxt"
look 1

if [ -z "$weights" ]; then
    echo "Without --weights this is all."
    exit 0
fi
"$python" "$here/frozen_features.py" --weights="$weights" --deploy="$nets/deploy_2.prototxt" \
    --data="$data"
train classifier --solver="$nets/classifier_solver.prototxt"

train model_2 --solver="$nets/solver_2.prototxt" --weights="$weights"
sed -n '/Layers with weights, after loading/,/^[^ ]/{/^ /p;}' "$data/model_2.log"
look 2
