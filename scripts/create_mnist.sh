#!/bin/sh
# Makes the databases mnist_train_* and mnist_test_* in data/mnist from MNIST's files there.
#
#   scripts/create_mnist.sh                      LMDB
#   scripts/create_mnist.sh --backend leveldb    LevelDB (or BACKEND=leveldb)
#
# Databases that are there already are made anew. Runs from anywhere.
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
data=data/mnist
cd "$root"

fail() {
    echo "create_mnist.sh: $*" >&2
    exit 1
}

backend=${BACKEND:-lmdb}
while [ $# -gt 0 ]; do
    case $1 in
        --backend=* | -backend=*) backend=${1#*=} ;;
        --backend | -backend)
            [ $# -gt 1 ] || fail "$1 needs a value: lmdb or leveldb"
            backend=$2
            shift
            ;;
        *) fail "unknown argument $1 (known: --backend lmdb|leveldb)" ;;
    esac
    shift
done
case $backend in
    lmdb | leveldb) ;;
    *) fail "unknown backend $backend (allowed: lmdb, leveldb)" ;;
esac

if [ -n "${PYTHON:-}" ]; then
    python=$PYTHON
elif [ -x "$root/.venv/bin/python" ]; then
    python=$root/.venv/bin/python
else
    python=python3
fi
command -v "$python" >/dev/null 2>&1 || fail "there is no $python; set PYTHON to an interpreter"

for name in train-images-idx3 train-labels-idx1 t10k-images-idx3 t10k-labels-idx1; do
    [ -f "$data/$name-ubyte" ] || fail "$data/$name-ubyte is missing; run data/mnist/get_mnist.sh"
done

# Each is made under another name first, so that the old one stays until the new one is complete.
for part in train:train test:t10k; do
    name=$data/mnist_${part%%:*}_$backend
    files=$data/${part#*:}
    rm -rf "$name.new"
    "$python" tools/convert_mnist_data --backend="$backend" \
        "$files-images-idx3-ubyte" "$files-labels-idx1-ubyte" "$name.new" ||
        fail "$name could not be made"
    rm -rf "$name"
    mv "$name.new" "$name"
    echo "Made $name"
done
