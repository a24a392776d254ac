#!/bin/sh
# Brings CIFAR-10 (its binary version, 162 MB) into this folder, checks and unpacks it. Runs from
# anywhere; a download that was broken off goes on where it stopped.
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
    echo "get_cifar10.sh: there is no $python; install Python 3.10 or newer, or set PYTHON" >&2
    exit 1
}
exec "$python" "$here/fetch.py"
