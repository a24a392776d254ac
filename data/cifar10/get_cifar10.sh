#!/bin/sh
# Brings CIFAR-10 (its binary version, 162 MB) into this folder, checks and unpacks it. Runs from
# anywhere; a download that was broken off goes on where it stopped.
. "$(dirname "$0")/../../scripts/python.sh"

exec "$python" "$root/data/cifar10/fetch.py"
