#!/bin/sh
# Trains LeNet on MNIST; further arguments go to `caffepy train`. Runs from anywhere.
set -eu
cd "$(dirname "$0")/.."

if [ ! -d data/mnist/mnist_train_lmdb ] || [ ! -d data/mnist/mnist_test_lmdb ]; then
    echo "train_lenet.sh: data/mnist has no databases yet; run data/mnist/get_mnist.sh," \
        "then scripts/create_mnist.sh" >&2
    exit 1
fi
if [ -n "${PYTHON:-}" ]; then
    exec "$PYTHON" -m caffepy.cli.main train --solver=models/lenet/lenet_solver.prototxt "$@"
elif [ -x .venv/bin/caffepy ]; then
    exec .venv/bin/caffepy train --solver=models/lenet/lenet_solver.prototxt "$@"
fi
exec caffepy train --solver=models/lenet/lenet_solver.prototxt "$@"
