#!/bin/sh
# Trains the full net with sigmoids on CIFAR-10, plain or with batch normalization. Runs from
# anywhere.
#
#   scripts/train_cifar10_full_sigmoid.sh [bn] [flags of `caffepy train`]
. "$(dirname "$0")/common.sh"

solver=models/cifar10/cifar10_full_sigmoid_solver
case ${1:-} in
    bn)
        solver=${solver}_bn
        shift
        ;;
    -* | "") ;;
    *) fail "unknown argument $1 (known: bn)" ;;
esac
need_cifar10
train $solver.prototxt "$@"
