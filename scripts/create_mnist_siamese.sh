#!/bin/sh
# Makes the LMDBs mnist_siamese_train_lmdb and mnist_siamese_test_lmdb in data/mnist: pairs of MNIST's
# digits, as many as there are digits. Databases that are there already are made anew. Runs from
# anywhere.
. "$(dirname "$0")/common.sh"

data=data/mnist
for name in train-images-idx3 train-labels-idx1 t10k-images-idx3 t10k-labels-idx1; do
    need $data/$name-ubyte "run data/mnist/get_mnist.sh"
done

# Each is made under another name first, so that the old one stays until the new one is complete.
for part in train:train test:t10k; do
    name=$data/mnist_siamese_${part%%:*}_lmdb
    files=$data/${part#*:}
    rm -rf "$name.new"
    caffepy convert_mnist_siamese_data --backend=lmdb \
        "$files-images-idx3-ubyte" "$files-labels-idx1-ubyte" "$name.new"
    rm -rf "$name"
    mv "$name.new" "$name"
    echo "Made $name"
done
