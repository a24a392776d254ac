#!/bin/sh
# Trains the siamese net on pairs of MNIST's digits; further arguments go to `caffepy train`. Runs
# from anywhere.
. "$(dirname "$0")/common.sh"

for part in train test; do
    need data/mnist/mnist_siamese_${part}_lmdb \
        "run data/mnist/get_mnist.sh, then scripts/create_mnist_siamese.sh"
done
train models/mnist_siamese/solver.prototxt "$@"
