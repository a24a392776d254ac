#!/bin/sh
# Makes the LMDBs fashion_mnist_train_lmdb and fashion_mnist_test_lmdb in data/fashion_mnist from the
# files there. Databases that are there already are made anew. Runs from anywhere.
. "$(dirname "$0")/common.sh"

data=data/fashion_mnist
for name in train-images-idx3 train-labels-idx1 t10k-images-idx3 t10k-labels-idx1; do
    need $data/$name-ubyte "run data/fashion_mnist/get_fashion_mnist.sh"
done

# Each is made under another name first, so that the old one stays until the new one is complete.
for part in train:train test:t10k; do
    name=$data/fashion_mnist_${part%%:*}_lmdb
    files=$data/${part#*:}
    rm -rf "$name.new"
    caffepy convert_mnist_data "$files-images-idx3-ubyte" "$files-labels-idx1-ubyte" "$name.new"
    rm -rf "$name"
    mv "$name.new" "$name"
    echo "Made $name"
done
