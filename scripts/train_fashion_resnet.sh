#!/bin/sh
# Trains a residual net on Fashion-MNIST; further arguments go to `caffepy train`. Runs from anywhere.
. "$(dirname "$0")/common.sh"

need_fashion_mnist
train models/fashion_resnet/solver.prototxt "$@"
