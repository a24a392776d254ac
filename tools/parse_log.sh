#!/bin/sh
# parse_log.sh LOG: the tables LOG.train and LOG.test for gnuplot, in the folder where one is.
set -eu
[ $# -eq 1 ] || { echo "Usage: parse_log.sh LOG" >&2; exit 1; }
exec "$(dirname "$0")/parse_log" -format=columns "$1" .
