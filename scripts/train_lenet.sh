#!/bin/sh
# Trains LeNet on MNIST; further arguments go to `caffepy train`. Runs from anywhere.
. "$(dirname "$0")/common.sh"

need_mnist
train models/lenet/lenet_solver.prototxt "$@"
