#!/bin/sh
# Draws 10,000 rows of four numbers in two classes and writes them as HDF5 files with their lists into
# data/hdf5_classification. Runs from anywhere.
. "$(dirname "$0")/common.sh"

"$python" data/hdf5_classification/make_data.py
