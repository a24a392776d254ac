#!/bin/sh
# Sets up all that the tests need and runs them: style, types, then pytest.
# Arguments go to pytest: `sh scripts/test.sh -m slow` runs those that take minutes.
set -eu
cd "$(dirname "$0")/.."

sh scripts/setup.sh dev
sh data/mnist/get_mnist.sh || echo "test: no MNIST here; the tests on real digits will be skipped" >&2
.venv/bin/python -m ruff check .
.venv/bin/python -m mypy
# NumPy's and oneDNN's thread pools would fight over the cores; one thread each is quicker here.
# A test that hangs ends the run and shows where.
OPENBLAS_NUM_THREADS=${OPENBLAS_NUM_THREADS:-1} .venv/bin/python -m pytest \
    -o faulthandler_exit_on_timeout=true "$@"
