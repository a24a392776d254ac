#!/bin/sh
# Trains LeNet on Fashion-MNIST; further arguments go to `caffepy train`. Runs from anywhere.
. "$(dirname "$0")/common.sh"

for part in train test; do
    need data/fashion_mnist/fashion_mnist_${part}_lmdb \
        "run data/fashion_mnist/get_fashion_mnist.sh, then scripts/create_fashion_mnist.sh"
done
train models/lenet/lenet_fashion_solver.prototxt "$@"
