# What the scripts beside this one share; they read it by `. "$(dirname "$0")/common.sh"`.
# It goes to the repository's root, from which all paths in models/ start.
. "$(dirname "$0")/python.sh"
cd "$root"

# need PATH WHAT_TO_DO: stop unless the path is there
need() {
    [ -e "$1" ] || fail "$1 is missing; $2"
}

"$python" -c 'import click, google.protobuf, numpy' 2>/dev/null ||
    fail "$python lacks what caffepy needs; run scripts/setup.sh, or set PYTHON"

caffepy() {
    "$python" -m caffepy "$@"
}

# train SOLVER [FLAG...]: takes the script's place, so that signals sent to the script arrive; where
# something comes after, call it in parentheses
train() {
    solver=$1
    shift
    exec "$python" -m caffepy train --solver="$solver" "$@"
}

# read_backend ARGUMENT...: sets backend as --backend says, or else BACKEND, or else to lmdb
read_backend() {
    backend=${BACKEND:-lmdb}
    while [ $# -gt 0 ]; do
        case $1 in
            --backend=* | -backend=*) backend=${1#*=} ;;
            --backend | -backend)
                [ $# -gt 1 ] || fail "$1 needs a value: lmdb or leveldb"
                backend=$2
                shift
                ;;
            *) fail "unknown argument $1 (known: --backend lmdb|leveldb)" ;;
        esac
        shift
    done
    case $backend in
        lmdb | leveldb) ;;
        *) fail "unknown backend $backend (allowed: lmdb, leveldb)" ;;
    esac
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

need_fashion_mnist() {
    for part in train test; do
        need data/fashion_mnist/fashion_mnist_${part}_lmdb \
            "run data/fashion_mnist/get_fashion_mnist.sh, then scripts/create_fashion_mnist.sh"
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
