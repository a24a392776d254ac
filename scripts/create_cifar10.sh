#!/bin/sh
# Makes the databases cifar10_train_* and cifar10_test_* and mean.binaryproto in data/cifar10
# from CIFAR-10's files there.
#
#   scripts/create_cifar10.sh                      LMDB
#   scripts/create_cifar10.sh --backend leveldb    LevelDB (or BACKEND=leveldb)
#
# Databases that are there already are made anew. Runs from anywhere.
. "$(dirname "$0")/common.sh"

read_backend "$@"
data=data/cifar10
for name in data_batch_1 data_batch_2 data_batch_3 data_batch_4 data_batch_5 test_batch; do
    need $data/$name.bin "run data/cifar10/get_cifar10.sh"
done

# All are made in another folder first, so that the old ones stay until the new ones are complete.
new=$data/new
rm -rf "$new"
mkdir "$new"
trap 'rm -rf "$new"' EXIT
caffepy convert_cifar_data "$data" "$new" "$backend" || fail "no databases could be made"
caffepy compute_image_mean --backend="$backend" "$new/cifar10_train_$backend" \
    "$new/mean.binaryproto" || fail "the mean could not be computed"
for name in "cifar10_train_$backend" "cifar10_test_$backend" mean.binaryproto; do
    rm -rf "${data:?}/$name"
    mv "$new/$name" "$data/$name"
    echo "Made $data/$name"
done
