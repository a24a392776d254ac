#!/bin/sh
# Trains LeNet on Fashion-MNIST; further arguments go to `caffepy train`. Runs from anywhere.
. "$(dirname "$0")/common.sh"

need_fashion_mnist
train models/lenet/lenet_fashion_solver.prototxt "$@"
