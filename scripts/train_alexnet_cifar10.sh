#!/bin/sh
# Trains AlexNet on CIFAR-10 with local response normalization and without, shows accuracy and time
# side by side, and says what one picture shows. Runs from anywhere.
#
#   scripts/train_alexnet_cifar10.sh [--epochs N] [--picture FILE] ...     --help lists all
here=$PWD
. "$(dirname "$0")/common.sh"

case " $* " in
    *" --help "*) ;;
    *) need_cifar10 ;;
esac
"$python" models/alexnet_cifar10/compare.py --from "$here" "$@"
