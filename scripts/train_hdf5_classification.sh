#!/bin/sh
# Trains logistic regression on HDF5 files, or the net with a hidden layer. Runs from anywhere.
#
#   scripts/train_hdf5_classification.sh [logreg|nonlinear] [flags of `caffepy train`]
. "$(dirname "$0")/common.sh"

net=logreg
case ${1:-} in
    logreg | nonlinear)
        net=$1
        shift
        ;;
    -* | "") ;;
    *) fail "there is no net $1 (allowed: logreg, nonlinear)" ;;
esac
for part in train test; do
    need data/hdf5_classification/$part.txt "run scripts/create_hdf5_classification.sh"
done
train models/hdf5_classification/${net}_solver.prototxt "$@"
