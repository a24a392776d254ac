#!/bin/sh
# Checks caffepy on this machine's GPU, in under eight minutes, and prints one table: all recorded
# layer and solver cases and LeNet's first iterations, in float32, with TF32 and in half precision,
# and the speed beside PyTorch on the same GPU (where PyTorch is installed). Exit code 1 if anything
# is missed. LeNet's rows need MNIST (data/mnist/get_mnist.sh), and the package lmdb.
#   sh scripts/gpu_check.sh [GPU] [--only cases|speed]
set -eu
. "$(dirname "$0")/python.sh"
cd "$root"
exec "$python" scripts/gpu_check.py "$@"
