#!/bin/sh
# Trains the full net on CIFAR-10: 60,000 iterations, then 5000 at a tenth of the rate and 5000 at a
# hundredth. Further arguments go to all calls of `caffepy train`. Runs from anywhere.
. "$(dirname "$0")/common.sh"

need_cifar10
model=models/cifar10/cifar10_full
(train ${model}_solver.prototxt "$@")
(train ${model}_solver_lr1.prototxt --snapshot=${model}_iter_60000.solverstate "$@")
train ${model}_solver_lr2.prototxt --snapshot=${model}_iter_65000.solverstate "$@"
