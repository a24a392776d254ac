#!/bin/sh
# Makes the LMDBs ilsvrc12_train_lmdb and ilsvrc12_val_lmdb in data/ilsvrc12 from ImageNet's pictures.
# Runs from anywhere.
#
#   scripts/create_imagenet.sh TRAIN_FOLDER VAL_FOLDER [flags of convert_imageset]
#
# TRAIN_FOLDER has a folder for each synset (n01440764/...), VAL_FOLDER the 50,000 pictures. All are
# brought to 256 x 256; RESIZE=0 leaves them as they are. It takes hours and some 240 GB;
# --encoded --encode_type=jpg takes a sixth of the room.
here=$PWD
. "$(dirname "$0")/common.sh"

[ $# -ge 2 ] || fail "two folders are wanted: TRAIN_FOLDER VAL_FOLDER"
train_folder=$1
val_folder=$2
shift 2
resize=${RESIZE:-256}
data=data/ilsvrc12
for part in train val; do
    need $data/$part.txt "run data/ilsvrc12/get_ilsvrc_aux.sh"
    [ ! -e "$data/ilsvrc12_${part}_lmdb" ] ||
        fail "$data/ilsvrc12_${part}_lmdb is there already; remove it to make it anew"
done

# folder FOLDER: absolute, seen from where the script was called
folder() {
    case $1 in
        /*) echo "$1" ;;
        *) echo "$here/$1" ;;
    esac
}
train_folder=$(folder "$train_folder")
val_folder=$(folder "$val_folder")
[ -d "$train_folder" ] || fail "there is no folder $train_folder"
[ -d "$val_folder" ] || fail "there is no folder $val_folder"

# make PART FOLDER FLAG...: a few unreadable pictures among millions are no reason to stop
skipped=0
make() {
    part=$1
    from=$2
    shift 2
    database=$data/ilsvrc12_${part}_lmdb
    caffepy convert_imageset --resize_height="$resize" --resize_width="$resize" --shuffle "$@" \
        "$from/" $data/$part.txt "$database" || skipped=1
    [ -d "$database" ] || fail "$database could not be made"
    echo "Made $database"
}
make train "$train_folder" "$@"
make val "$val_folder" "$@"
[ $skipped = 0 ] || fail "both databases are there, but some pictures were left out (see above)"
