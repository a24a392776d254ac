#!/bin/sh
# Trains a net on ImageNet. Runs from anywhere.
#
#   scripts/train_imagenet.sh MODEL [flags of `caffepy train`]
#
# MODEL: alexnet, caffenet, googlenet, mobilenet, resnet50, squeezenet or vgg16
. "$(dirname "$0")/common.sh"

known="alexnet, caffenet, googlenet, mobilenet, resnet50, squeezenet, vgg16"
model=${1:-}
case $model in
    alexnet | caffenet) need_imagenet_mean ;;
    googlenet | mobilenet | resnet50 | squeezenet | vgg16) ;;
    *) fail "which model? (known: $known)" ;;
esac
need_imagenet
shift
train models/$model/solver.prototxt "$@"
