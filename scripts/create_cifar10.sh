#!/bin/sh
# Makes the databases cifar10_train_* and cifar10_test_* and mean.binaryproto in data/cifar10
# from CIFAR-10's files there.
#
#   scripts/create_cifar10.sh                      LMDB
#   scripts/create_cifar10.sh --backend leveldb    LevelDB (or BACKEND=leveldb)
#
# Databases that are there already are made anew. Runs from anywhere.
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
data=data/cifar10
cd "$root"

fail() {
    echo "create_cifar10.sh: $*" >&2
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

for name in data_batch_1 data_batch_2 data_batch_3 data_batch_4 data_batch_5 test_batch; do
    [ -f "$data/$name.bin" ] || fail "$data/$name.bin is missing; run data/cifar10/get_cifar10.sh"
done

# All are made in another folder first, so that the old ones stay until the new ones are complete.
new=$data/new
rm -rf "$new"
mkdir "$new"
trap 'rm -rf "$new"' EXIT
"$python" tools/convert_cifar_data "$data" "$new" "$backend" || fail "no databases could be made"
"$python" tools/compute_image_mean --backend="$backend" "$new/cifar10_train_$backend" \
    "$new/mean.binaryproto" || fail "the mean could not be computed"
for name in "cifar10_train_$backend" "cifar10_test_$backend" mean.binaryproto; do
    rm -rf "${data:?}/$name"
    mv "$new/$name" "$data/$name"
    echo "Made $data/$name"
done
