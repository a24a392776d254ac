#!/bin/sh
# Makes the databases mnist_train_* and mnist_test_* in data/mnist from MNIST's files there.
#
#   scripts/create_mnist.sh                      LMDB
#   scripts/create_mnist.sh --backend leveldb    LevelDB (or BACKEND=leveldb)
#
# Databases that are there already are made anew. Runs from anywhere.
. "$(dirname "$0")/common.sh"

read_backend "$@"
data=data/mnist
for name in train-images-idx3 train-labels-idx1 t10k-images-idx3 t10k-labels-idx1; do
    need $data/$name-ubyte "run data/mnist/get_mnist.sh"
done

# Each is made under another name first, so that the old one stays until the new one is complete.
for part in train:train test:t10k; do
    name=$data/mnist_${part%%:*}_$backend
    files=$data/${part#*:}
    rm -rf "$name.new"
    caffepy convert_mnist_data --backend="$backend" \
        "$files-images-idx3-ubyte" "$files-labels-idx1-ubyte" "$name.new" ||
        fail "$name could not be made"
    rm -rf "$name"
    mv "$name.new" "$name"
    echo "Made $name"
done
