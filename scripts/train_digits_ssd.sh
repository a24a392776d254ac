#!/bin/sh
# Trains a small SSD on pictures with digits; further arguments go to `caffepy train`. Runs from
# anywhere.
. "$(dirname "$0")/common.sh"

for part in train test; do
    need data/digits_ssd/digits_${part}_lmdb \
        "run data/mnist/get_mnist.sh, then scripts/create_digits_ssd.py"
done
train models/digits_ssd/solver.prototxt "$@"
