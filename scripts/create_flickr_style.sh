#!/bin/sh
# Lists a folder of photographs, one sub-folder a style, for fine-tuning: data/flickr_style/train.txt,
# test.txt (a fifth of the pictures) and styles.txt (label and name). Runs from anywhere.
#
#   scripts/create_flickr_style.sh FOLDER
here=$PWD
. "$(dirname "$0")/common.sh"

[ $# = 1 ] || fail "one folder is wanted, with a sub-folder of pictures for each style"
case $1 in
    /*) folder=$1 ;;
    *) folder=$here/$1 ;;
esac
"$python" data/flickr_style/assemble.py "$folder"
