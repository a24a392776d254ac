#!/bin/sh
# Trains CaffeNet on ImageNet; further arguments go to `caffepy train`. Runs from anywhere.
exec "$(dirname "$0")/train_imagenet.sh" caffenet "$@"
