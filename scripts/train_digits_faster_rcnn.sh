#!/bin/sh
# Trains a small Faster R-CNN on pictures with digits; further arguments go to `caffepy train`. Runs
# from anywhere.
. "$(dirname "$0")/common.sh"

need data/digits_ssd/VOC/ImageSets/Main/test.txt \
    "run data/mnist/get_mnist.sh, then scripts/create_digits_ssd.py --voc"
train models/digits_faster_rcnn/solver.prototxt "$@"
