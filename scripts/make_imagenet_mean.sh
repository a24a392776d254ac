#!/bin/sh
# Computes the mean picture of ImageNet's training database: data/ilsvrc12/imagenet_mean.binaryproto.
# Runs from anywhere.
. "$(dirname "$0")/common.sh"

data=data/ilsvrc12
need $data/ilsvrc12_train_lmdb "make it by scripts/create_imagenet.sh"
caffepy compute_image_mean $data/ilsvrc12_train_lmdb $data/imagenet_mean.binaryproto
echo "Made $data/imagenet_mean.binaryproto"
