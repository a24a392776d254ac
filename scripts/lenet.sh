#!/bin/sh
# From a fresh clone to a trained LeNet: environment, MNIST, databases, training, test accuracy.
# Arguments go to `caffepy train`, flags of the original included.
set -eu
cd "$(dirname "$0")/.."

sh scripts/setup.sh
sh data/mnist/get_mnist.sh
[ -d data/mnist/mnist_train_lmdb ] && [ -d data/mnist/mnist_test_lmdb ] || sh scripts/create_mnist.sh
exec sh scripts/train_lenet.sh "$@"
