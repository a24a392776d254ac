#!/bin/sh
# Brings the four files of Fashion-MNIST into this folder and checks them. Runs from anywhere.
# PYTHON names the interpreter; otherwise the project's .venv serves, or else python3.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
root=$here/../..

if [ -n "${PYTHON:-}" ]; then
    python=$PYTHON
elif [ -x "$root/.venv/bin/python" ]; then
    python=$root/.venv/bin/python
else
    python=python3
fi
command -v "$python" >/dev/null 2>&1 || {
    echo "get_fashion_mnist.sh: there is no $python; install Python 3.10 or newer, or set PYTHON" >&2
    exit 1
}
exec "$python" "$here/fetch.py"
