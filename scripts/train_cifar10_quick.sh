#!/bin/sh
# Trains the quick net on CIFAR-10: 4000 iterations, then 1000 at a tenth of the rate. Further
# arguments go to both calls of `caffepy train`. Runs from anywhere.
. "$(dirname "$0")/common.sh"

need_cifar10
model=models/cifar10/cifar10_quick
(train ${model}_solver.prototxt "$@")
train ${model}_solver_lr1.prototxt --snapshot=${model}_iter_4000.solverstate "$@"
