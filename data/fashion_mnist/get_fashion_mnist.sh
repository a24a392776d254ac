#!/bin/sh
# Brings the four files of Fashion-MNIST into this folder and checks them. Runs from anywhere.
. "$(dirname "$0")/../../scripts/python.sh"

exec "$python" "$root/data/fashion_mnist/fetch.py"
