# What every script here and in data/ begins with:
#     . "$(dirname "$0")/python.sh"        or       . "$(dirname "$0")/../../scripts/python.sh"
# It sets root, the repository's root, and python, an interpreter: the one that PYTHON names, or else that
# of the project's .venv, or else python3. The folder stays the caller's.
set -eu
script=$(basename "$0")
root=$(cd "$(dirname "$0")" && pwd -P)
until [ -e "$root/scripts/python.sh" ]; do root=$(dirname "$root"); done

fail() {
    echo "$script: $*" >&2
    exit 1
}

if [ -n "${PYTHON:-}" ]; then
    python=$PYTHON
elif [ -x "$root/.venv/bin/python" ]; then
    python=$root/.venv/bin/python
else
    python=python3
fi
command -v "$python" >/dev/null 2>&1 ||
    fail "there is no $python; install Python 3.10 or newer, or set PYTHON"
