#!/bin/sh
# Fine-tunes CaffeNet to styles of photographs; further arguments go to `caffepy train`. Runs from
# anywhere.
. "$(dirname "$0")/common.sh"

for part in train test; do
    need data/flickr_style/$part.txt "make it by scripts/create_flickr_style.sh"
done
need_imagenet_mean
weights=models/caffenet/bvlc_reference_caffenet.caffemodel
need $weights "\`caffepy download_model_binary models/caffenet\` fetches it"
train models/flickr_style/solver.prototxt --weights=$weights "$@"
