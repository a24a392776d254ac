#!/bin/sh
# Sets up all that the tests need and runs them: style, types, then pytest.
# Arguments go to pytest: `sh scripts/test.sh -m slow` runs those that take minutes.
set -eu
cd "$(dirname "$0")/.."

sh scripts/setup.sh dev
sh data/mnist/get_mnist.sh || echo "test: no MNIST here; the tests on real digits will be skipped" >&2
command -v octave-cli >/dev/null || echo "test: no Octave here; the tests of MATLAB's words will be skipped" >&2
command -v chromium >/dev/null || command -v chromium-browser >/dev/null || command -v google-chrome >/dev/null ||
    echo "test: no Chromium here; the tests of the board's pages in a browser will be skipped" >&2
.venv/bin/python -m ruff check .
.venv/bin/python -m mypy

# NumPy's and oneDNN's thread pools would fight over the cores; one thread each is quicker here.
export OPENBLAS_NUM_THREADS="${OPENBLAS_NUM_THREADS:-1}"

# Hundreds of processes are begun: each would compile the package anew where the environment forbids
# to write bytecode. It lies in a folder of its own, not in the tree.
logs=$(mktemp -d)
others=
trap 'kill $others 2>/dev/null || true; rm -rf "$logs"' EXIT
trap 'exit 130' INT TERM
unset PYTHONDONTWRITEBYTECODE
export PYTHONPYCACHEPREFIX="${PYTHONPYCACHEPREFIX:-$logs/bytecode}"

# A test that hangs ends the run and shows where.
tests() {
    .venv/bin/python -m pytest -o faulthandler_exit_on_timeout=true "$@"
}

if [ $# -gt 0 ]; then
    tests "$@"
    exit
fi
# All of them: on each core a part, up to four. The first is seen at work, the others at their end.
parts=$(.venv/bin/python -c 'from caffepy.cores import usable; print(min(usable(), 4))')
for part in $(seq 2 "$parts"); do
    tests --part "$part/$parts" > "$logs/$part" 2>&1 &
    others="$others $!"
done
failed=0
tests --part "1/$parts" || failed=1
part=2
for other in $others; do
    wait "$other" || failed=1
    cat "$logs/$part"
    part=$((part + 1))
done
exit $failed
