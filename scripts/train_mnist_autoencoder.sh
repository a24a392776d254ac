#!/bin/sh
# Trains the autoencoder on MNIST. Runs from anywhere.
#
#   scripts/train_mnist_autoencoder.sh [sgd|nesterov|adagrad|adadelta] [flags of `caffepy train`]
. "$(dirname "$0")/common.sh"

solver=models/mnist_autoencoder/solver
case ${1:-} in
    sgd) shift ;;
    nesterov | adagrad | adadelta)
        solver=${solver}_$1
        shift
        ;;
    -* | "") ;;
    *) fail "there is no solver $1 (allowed: sgd, nesterov, adagrad, adadelta)" ;;
esac
need_mnist
train $solver.prototxt "$@"
