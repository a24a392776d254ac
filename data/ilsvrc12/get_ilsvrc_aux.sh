#!/bin/sh
# Brings what goes with ImageNet 2012 into this folder (17 MB): the lists train.txt, val.txt and test.txt,
# the names of the classes and the mean picture. Runs from anywhere; the pictures are had elsewhere.
#
#   data/ilsvrc12/get_ilsvrc_aux.sh [caffe_ilsvrc12.tar.gz]     an archive that is at hand already
#
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
    echo "get_ilsvrc_aux.sh: there is no $python; install Python 3.10 or newer, or set PYTHON" >&2
    exit 1
}
exec "$python" "$here/fetch.py" "$@"
