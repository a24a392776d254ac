#!/bin/sh
# Brings the four files of MNIST into this folder and checks them. Runs from anywhere.
. "$(dirname "$0")/../../scripts/python.sh"

exec "$python" "$root/data/mnist/fetch.py"
