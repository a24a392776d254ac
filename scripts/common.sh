# What the scripts beside this one share; they read it by `. "$(dirname "$0")/common.sh"`.
# It goes to the repository's root, from which all paths in models/ start, and finds Python:
# PYTHON names the interpreter; otherwise the project's .venv serves, or else python3.
set -eu
script=$(basename "$0")
cd "$(dirname "$0")/.."

fail() {
    echo "$script: $*" >&2
    exit 1
}

# need PATH WHAT_TO_DO: stop unless the path is there
need() {
    [ -e "$1" ] || fail "$1 is missing; $2"
}

if [ -n "${PYTHON:-}" ]; then
    python=$PYTHON
elif [ -x .venv/bin/python ]; then
    python=.venv/bin/python
else
    python=python3
fi
command -v "$python" >/dev/null 2>&1 || fail "there is no $python; set PYTHON to an interpreter"
"$python" -c 'import click, google.protobuf, numpy' 2>/dev/null ||
    fail "$python lacks what caffepy needs; run scripts/setup.sh, or set PYTHON"

caffepy() {
    "$python" -m caffepy "$@"
}

# train SOLVER [FLAG...]
train() {
    solver=$1
    shift
    caffepy train --solver="$solver" "$@"
}

need_mnist() {
    for part in train test; do
        need data/mnist/mnist_${part}_lmdb \
            "run data/mnist/get_mnist.sh, then scripts/create_mnist.sh"
    done
}

need_cifar10() {
    for name in cifar10_train_lmdb cifar10_test_lmdb mean.binaryproto; do
        need data/cifar10/$name "run data/cifar10/get_cifar10.sh, then scripts/create_cifar10.sh"
    done
}

need_imagenet() {
    for part in train val; do
        need data/ilsvrc12/ilsvrc12_${part}_lmdb "make it by scripts/create_imagenet.sh"
    done
}

need_imagenet_mean() {
    need data/ilsvrc12/imagenet_mean.binaryproto \
        "data/ilsvrc12/get_ilsvrc_aux.sh fetches it, scripts/make_imagenet_mean.sh makes your own"
}
