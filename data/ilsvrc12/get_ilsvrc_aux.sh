#!/bin/sh
# Brings what goes with ImageNet 2012 into this folder (17 MB): the lists train.txt, val.txt and test.txt,
# the names of the classes and the mean picture. Runs from anywhere; the pictures are had elsewhere.
#
#   data/ilsvrc12/get_ilsvrc_aux.sh [caffe_ilsvrc12.tar.gz]     an archive that is at hand already
. "$(dirname "$0")/../../scripts/python.sh"

exec "$python" "$root/data/ilsvrc12/fetch.py" "$@"
