from pathlib import Path

import pytest

from caffepy.data.db import open_db
from caffepy.errors import NotFound
from caffepy.proto import caffe_pb2, original_tree, text

ROOT = Path(__file__).resolve().parents[2]
# what the original's tree has, and tutorials name
TUTORIALS = """
examples/mnist/lenet.prototxt examples/mnist/lenet_train_test.prototxt
examples/mnist/lenet_solver.prototxt examples/mnist/lenet_multistep_solver.prototxt
examples/mnist/lenet_solver_adam.prototxt examples/mnist/lenet_solver_rmsprop.prototxt
examples/mnist/lenet_adadelta_solver.prototxt examples/mnist/train_lenet.sh
examples/mnist/create_mnist.sh examples/mnist/mnist_autoencoder_solver.prototxt
examples/cifar10/train_quick.sh examples/cifar10/train_full.sh examples/cifar10/create_cifar10.sh
examples/cifar10/cifar10_quick.prototxt examples/cifar10/cifar10_quick_train_test.prototxt
examples/cifar10/cifar10_quick_solver.prototxt examples/cifar10/cifar10_quick_solver_lr1.prototxt
examples/cifar10/cifar10_full.prototxt examples/cifar10/cifar10_full_train_test.prototxt
examples/cifar10/cifar10_full_solver.prototxt examples/cifar10/cifar10_full_solver_lr1.prototxt
examples/cifar10/cifar10_full_solver_lr2.prototxt
examples/cifar10/cifar10_full_sigmoid_train_test.prototxt
examples/cifar10/cifar10_full_sigmoid_train_test_bn.prototxt
examples/cifar10/cifar10_full_sigmoid_solver.prototxt
examples/cifar10/cifar10_full_sigmoid_solver_bn.prototxt
examples/siamese/mnist_siamese.prototxt examples/siamese/mnist_siamese_solver.prototxt
examples/siamese/create_mnist_siamese.sh examples/siamese/train_mnist_siamese.sh
examples/hdf5_classification/solver.prototxt
examples/hdf5_classification/nonlinear_solver.prototxt
examples/imagenet/create_imagenet.sh examples/imagenet/make_imagenet_mean.sh
examples/imagenet/train_caffenet.sh examples/imagenet/resume_training.sh
models/bvlc_alexnet/train_val.prototxt models/bvlc_alexnet/deploy.prototxt
models/bvlc_alexnet/solver.prototxt models/bvlc_alexnet/readme.md
models/bvlc_googlenet/quick_solver.prototxt models/bvlc_googlenet/deploy.prototxt
models/bvlc_reference_caffenet/deploy.prototxt models/bvlc_reference_caffenet/solver.prototxt
models/bvlc_reference_rcnn_ilsvrc13/deploy.prototxt
models/finetune_flickr_style/train_val.prototxt models/finetune_flickr_style/solver.prototxt
""".split()


@pytest.mark.parametrize("theirs", TUTORIALS)
def test_what_tutorials_name_is_here(theirs):
    assert (ROOT / original_tree.ours(theirs)).is_file()


def test_the_tables_name_what_is_here_or_is_made():
    for here in original_tree.FILES.values():
        # databases and means are made by the create scripts
        assert here.startswith("data/") or (ROOT / here.split()[0]).is_file(), here
    for here in original_tree.FOLDERS.values():
        assert (ROOT / here).is_dir(), here


def test_the_docs_have_all_folders():
    page = (ROOT / "docs" / "models.md").read_text()
    for theirs, here in original_tree.FOLDERS.items():
        assert f"| `{theirs}` | `{here}` |" in page


def test_leading_folders_and_unknown_paths():
    name = "examples/cifar10/train_quick.sh"
    for path in (name, f"./{name}", f"/home/me/caffe/{name}", name.replace("/", "\\")):
        assert original_tree.ours(path) == "scripts/train_cifar10_quick.sh"
    assert original_tree.ours("models/bvlc_alexnet/my.caffemodel") == "models/alexnet/my.caffemodel"
    assert original_tree.ours("examples/hdf5_classification/data/train.txt") == (
        "data/hdf5_classification/train.txt")
    for path in ("net.prototxt", "models/lenet/x", "myexamples/mnist/x", "examples/mnist/", ""):
        assert original_tree.ours(path) is None
        assert original_tree.advice(path) is None


def test_a_missing_file_is_answered_with_ours(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(NotFound, match=(
            "^File not found: examples/mnist/lenet_solver.prototxt. That is the original's path; "
            "in caffepy's repository it is models/lenet/lenet_solver.prototxt.$")):
        text.read("examples/mnist/lenet_solver.prototxt", caffe_pb2.SolverParameter())
    with pytest.raises(NotFound, match="^File not found: lenet_solver.prototxt$"):
        text.read("lenet_solver.prototxt", caffe_pb2.SolverParameter())
    with pytest.raises(NotFound, match="it is data/cifar10/cifar10_train_lmdb.$"):
        open_db("examples/cifar10/cifar10_train_lmdb", "lmdb")
