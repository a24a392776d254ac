"""Where the files of the original's tree are in ours: tutorials type the original's paths.

The message about a file that is not there asks ``advice`` for the sentence that names ours. All
paths start from the root of a clone.
"""

from __future__ import annotations

import os

# A file under the first is one of the same name under the second; the longest match counts.
FOLDERS = {
    "examples/mnist/": "models/lenet/",
    "examples/cifar10/": "models/cifar10/",
    "examples/siamese/": "models/mnist_siamese/",
    "examples/hdf5_classification/": "models/hdf5_classification/",
    "examples/hdf5_classification/data/": "data/hdf5_classification/",
    "examples/imagenet/": "scripts/",
    "models/bvlc_alexnet/": "models/alexnet/",
    "models/bvlc_googlenet/": "models/googlenet/",
    "models/bvlc_reference_caffenet/": "models/caffenet/",
    "models/bvlc_reference_rcnn_ilsvrc13/": "models/rcnn/",
    "models/finetune_flickr_style/": "models/flickr_style/",
}
# Those that have another name too.
FILES = {
    "examples/mnist/create_mnist.sh": "scripts/create_mnist.sh",
    "examples/mnist/train_lenet.sh": "scripts/train_lenet.sh",
    "examples/mnist/train_lenet_adam.sh": "scripts/train_lenet_adam.sh",
    "examples/mnist/train_lenet_rmsprop.sh": "scripts/train_lenet_rmsprop.sh",
    "examples/mnist/train_mnist_autoencoder.sh": "scripts/train_mnist_autoencoder.sh",
    "examples/mnist/train_mnist_autoencoder_adadelta.sh":
        "scripts/train_mnist_autoencoder.sh adadelta",
    "examples/mnist/train_mnist_autoencoder_adagrad.sh":
        "scripts/train_mnist_autoencoder.sh adagrad",
    "examples/mnist/train_mnist_autoencoder_nesterov.sh":
        "scripts/train_mnist_autoencoder.sh nesterov",
    "examples/mnist/mnist_autoencoder.prototxt": "models/mnist_autoencoder/train_val.prototxt",
    "examples/mnist/mnist_autoencoder_solver.prototxt": "models/mnist_autoencoder/solver.prototxt",
    "examples/mnist/mnist_autoencoder_solver_adadelta.prototxt":
        "models/mnist_autoencoder/solver_adadelta.prototxt",
    "examples/mnist/mnist_autoencoder_solver_adagrad.prototxt":
        "models/mnist_autoencoder/solver_adagrad.prototxt",
    "examples/mnist/mnist_autoencoder_solver_nesterov.prototxt":
        "models/mnist_autoencoder/solver_nesterov.prototxt",
    "examples/mnist/mnist_train_lmdb": "data/mnist/mnist_train_lmdb",
    "examples/mnist/mnist_test_lmdb": "data/mnist/mnist_test_lmdb",
    "examples/mnist/mnist_train_leveldb": "data/mnist/mnist_train_leveldb",
    "examples/mnist/mnist_test_leveldb": "data/mnist/mnist_test_leveldb",
    "examples/cifar10/create_cifar10.sh": "scripts/create_cifar10.sh",
    "examples/cifar10/train_quick.sh": "scripts/train_cifar10_quick.sh",
    "examples/cifar10/train_full.sh": "scripts/train_cifar10_full.sh",
    "examples/cifar10/train_full_sigmoid.sh": "scripts/train_cifar10_full_sigmoid.sh",
    "examples/cifar10/train_full_sigmoid_bn.sh": "scripts/train_cifar10_full_sigmoid.sh bn",
    "examples/cifar10/cifar10_full_sigmoid_train_test_bn.prototxt":
        "models/cifar10/cifar10_full_sigmoid_bn_train_test.prototxt",
    "examples/cifar10/mean.binaryproto": "data/cifar10/mean.binaryproto",
    "examples/cifar10/cifar10_train_lmdb": "data/cifar10/cifar10_train_lmdb",
    "examples/cifar10/cifar10_test_lmdb": "data/cifar10/cifar10_test_lmdb",
    "examples/cifar10/cifar10_train_leveldb": "data/cifar10/cifar10_train_leveldb",
    "examples/cifar10/cifar10_test_leveldb": "data/cifar10/cifar10_test_leveldb",
    "examples/siamese/create_mnist_siamese.sh": "scripts/create_mnist_siamese.sh",
    "examples/siamese/train_mnist_siamese.sh": "scripts/train_mnist_siamese.sh",
    "examples/siamese/mnist_siamese.prototxt": "models/mnist_siamese/deploy.prototxt",
    "examples/siamese/mnist_siamese_train_test.prototxt": "models/mnist_siamese/train_val.prototxt",
    "examples/siamese/mnist_siamese_solver.prototxt": "models/mnist_siamese/solver.prototxt",
    "examples/siamese/mnist_siamese_train_leveldb": "data/mnist/mnist_siamese_train_lmdb",
    "examples/siamese/mnist_siamese_test_leveldb": "data/mnist/mnist_siamese_test_lmdb",
    "examples/hdf5_classification/solver.prototxt":
        "models/hdf5_classification/logreg_solver.prototxt",
    "examples/hdf5_classification/logreg_auto_train.prototxt":
        "models/hdf5_classification/logreg_train.prototxt",
    "examples/hdf5_classification/logreg_auto_test.prototxt":
        "models/hdf5_classification/logreg_test.prototxt",
    "examples/hdf5_classification/nonlinear_auto_train.prototxt":
        "models/hdf5_classification/nonlinear_train.prototxt",
    "examples/hdf5_classification/nonlinear_auto_test.prototxt":
        "models/hdf5_classification/nonlinear_test.prototxt",
    "examples/imagenet/ilsvrc12_train_lmdb": "data/ilsvrc12/ilsvrc12_train_lmdb",
    "examples/imagenet/ilsvrc12_val_lmdb": "data/ilsvrc12/ilsvrc12_val_lmdb",
    "python/caffe/imagenet/ilsvrc_2012_mean.npy": "data/ilsvrc12/ilsvrc_2012_mean.npy",
    "examples/finetune_flickr_style/assemble_data.py": "scripts/create_flickr_style.sh",
}


def ours(path: str | os.PathLike[str]) -> str | None:
    """Our path for one of the original's; None for all others. Leading folders are ignored."""
    given = "/" + os.fspath(path).replace("\\", "/").rstrip("/")
    for theirs, here in FILES.items():
        if given.endswith("/" + theirs):
            return here
    for theirs in sorted(FOLDERS, key=len, reverse=True):
        before, found, name = given.rpartition("/" + theirs)
        if found and name:
            return FOLDERS[theirs] + name
    return None


def advice(path: str | os.PathLike[str]) -> str | None:
    """The sentence that says where a missing file of the original's tree is in ours, or None."""
    here = ours(path)
    return here and f"That is the original's path; in caffepy's repository it is {here}."
