#!/bin/sh
# Makes .venv in the repository and installs caffepy into it, once; later calls do nothing until
# pyproject.toml changes.
#
#   sh scripts/setup.sh            what training needs
#   sh scripts/setup.sh dev        also what the tests need
#
# PYTHON names the interpreter (default: python3).
set -eu
cd "$(dirname "$0")/.."

extras=${1:+"[$1]"}
python=${PYTHON:-python3}
stamp=.venv/caffepy-installed${1:+-$1}

if ! "$python" -c 'import sys; sys.exit(sys.version_info < (3, 10))' 2>/dev/null; then
    echo "setup: caffepy needs Python 3.10 or newer; '$python' is not. Set PYTHON=..." >&2
    exit 1
fi
if [ ! -x .venv/bin/python ]; then
    echo "setup: making a virtual environment in .venv" >&2
    "$python" -m venv .venv || {
        rm -rf .venv
        echo "setup: 'python3 -m venv' failed; on Debian and Ubuntu: apt-get install python3-venv" >&2
        exit 1
    }
fi
if [ ! -e "$stamp" ] || [ pyproject.toml -nt "$stamp" ]; then
    echo "setup: installing caffepy$extras and what it needs" >&2
    .venv/bin/python -m pip install --quiet --disable-pip-version-check --editable ".$extras"
    touch "$stamp"
fi
