"""The scripts of scripts/ in a copy of the tree, called from another folder.

PYTHON stands for an interpreter that writes its arguments into a file: nothing is trained.
"""

import os
import shutil
import subprocess

import pytest
from models.offline import ROOT

CIFAR10 = ["cifar10/cifar10_train_lmdb", "cifar10/cifar10_test_lmdb", "cifar10/mean.binaryproto"]
MNIST = ["mnist/mnist_train_lmdb", "mnist/mnist_test_lmdb"]
IMAGENET = ["ilsvrc12/ilsvrc12_train_lmdb", "ilsvrc12/ilsvrc12_val_lmdb"]
MEAN = ["ilsvrc12/imagenet_mean.binaryproto"]
LENET, CIFAR = "models/lenet/", "models/cifar10/cifar10_"
AUTOENCODER = "models/mnist_autoencoder/solver"

# script and arguments, what it needs in data/, and the arguments of each `caffepy train`
TRAIN = [
    ("train_lenet_adam.sh", MNIST, [LENET + "lenet_solver_adam.prototxt"]),
    ("train_lenet_rmsprop.sh", MNIST, [LENET + "lenet_solver_rmsprop.prototxt"]),
    ("train_fashion_mnist.sh",
     [f"fashion_mnist/fashion_mnist_{part}_lmdb" for part in ("train", "test")],
     [LENET + "lenet_fashion_solver.prototxt"]),
    ("train_fashion_resnet.sh",
     [f"fashion_mnist/fashion_mnist_{part}_lmdb" for part in ("train", "test")],
     ["models/fashion_resnet/solver.prototxt"]),
    ("train_digits_ssd.sh", [f"digits_ssd/digits_{part}_lmdb" for part in ("train", "test")],
     ["models/digits_ssd/solver.prototxt"]),
    ("train_digits_faster_rcnn.sh", ["digits_ssd/VOC/ImageSets/Main/test.txt"],
     ["models/digits_faster_rcnn/solver.prototxt"]),
    ("train_mnist_siamese.sh", [f"mnist/mnist_siamese_{part}_lmdb" for part in ("train", "test")],
     ["models/mnist_siamese/solver.prototxt"]),
    ("train_mnist_autoencoder.sh", MNIST, [AUTOENCODER + ".prototxt"]),
    ("train_mnist_autoencoder.sh adagrad", MNIST, [AUTOENCODER + "_adagrad.prototxt"]),
    ("train_cifar10_quick.sh", CIFAR10, [
        CIFAR + "quick_solver.prototxt",
        CIFAR + f"quick_solver_lr1.prototxt --snapshot={CIFAR}quick_iter_4000.solverstate"]),
    ("train_cifar10_full.sh", CIFAR10, [
        CIFAR + "full_solver.prototxt",
        CIFAR + f"full_solver_lr1.prototxt --snapshot={CIFAR}full_iter_60000.solverstate",
        CIFAR + f"full_solver_lr2.prototxt --snapshot={CIFAR}full_iter_65000.solverstate"]),
    ("train_cifar10_full_sigmoid.sh", CIFAR10, [CIFAR + "full_sigmoid_solver.prototxt"]),
    ("train_cifar10_full_sigmoid.sh bn", CIFAR10, [CIFAR + "full_sigmoid_solver_bn.prototxt"]),
    ("train_caffenet.sh", IMAGENET + MEAN, ["models/caffenet/solver.prototxt"]),
    ("train_imagenet.sh resnet50", IMAGENET, ["models/resnet50/solver.prototxt"]),
    ("train_hdf5_classification.sh nonlinear",
     [f"hdf5_classification/{part}.txt" for part in ("train", "test")],
     ["models/hdf5_classification/nonlinear_solver.prototxt"]),
]


@pytest.fixture
def tree(tmp_path):
    """A copy of scripts/ and models/, data/ empty, and a Python that takes notes."""
    for folder in ("scripts", "models"):
        shutil.copytree(ROOT / folder, tmp_path / folder, ignore=shutil.ignore_patterns(
            "__pycache__", "*.caffemodel", "*.solverstate", "*.jsonl", "*.h5"))
    python = tmp_path / "python"
    python.write_text(f'#!/bin/sh\n[ "$1" = -c ] || echo "$*" >> "{tmp_path}/calls"\n')
    python.chmod(0o755)
    return tmp_path


def call(tree, line):
    script, *arguments = line.split()
    return subprocess.run(
        ["sh", str(tree / "scripts" / script), *arguments], cwd=tree.parent, text=True,
        capture_output=True, env={**os.environ, "PYTHON": str(tree / "python")})


def calls(tree):
    return (tree / "calls").read_text().splitlines() if (tree / "calls").exists() else []


def put(tree, *names):
    for name in names:
        path = tree / "data" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()


@pytest.mark.parametrize("line, needs, trained", TRAIN, ids=lambda value: str(value)[:40])
def test_train(tree, line, needs, trained):
    left = set(needs)
    while left:  # in whatever order the script looks for them
        done = call(tree, line)
        assert done.returncode == 1 and not calls(tree)
        missing = done.stderr.split(" is missing; ")
        assert len(missing) == 2 and missing[1].count("\n") == 1
        name = missing[0].split(": data/")[1]
        left.remove(name)
        put(tree, name)
        for word in missing[1].replace(",", " ").split():  # what to run instead is there
            if word.startswith("scripts/"):
                assert (tree / word).is_file()
            if word.startswith("data/"):
                assert (ROOT / word).is_file()
    done = call(tree, f"{line} --gpu=all")
    assert done.returncode == 0, done.stderr
    assert calls(tree) == [f"-m caffepy train --solver={solver} --gpu=all" for solver in trained]
    for solver in trained:
        assert (tree / solver.split()[0]).is_file()


def test_the_first_failure_ends_a_script(tree):
    put(tree, *CIFAR10)
    with open(tree / "python", "a") as file:
        file.write('[ "$1" = -c ]\n')
    assert call(tree, "train_cifar10_quick.sh").returncode == 1
    assert len(calls(tree)) == 1


def test_a_training_has_the_scripts_process_so_that_signals_reach_it(tree):
    put(tree, *MNIST)
    (tree / "python").write_text(f'#!/bin/sh\n[ "$1" = -c ] || echo $$ > "{tree}/pid"\n')
    running = subprocess.Popen(["sh", str(tree / "scripts" / "train_lenet.sh")], env={
        **os.environ, "PYTHON": str(tree / "python")})
    assert running.wait() == 0
    assert int((tree / "pid").read_text()) == running.pid


def test_resume_training(tree):
    solver, snapshot = "models/lenet/lenet_solver.prototxt", "models/lenet/lenet_iter_5"
    (tree / snapshot).touch()
    for line, state in ((solver, "latest"), (f"{solver} {snapshot}", snapshot)):
        assert call(tree, f"resume_training.sh {line} -gpu all").returncode == 0
        assert calls(tree)[-1] == f"-m caffepy train --solver={solver} --snapshot={state} -gpu all"
    assert call(tree, "resume_training.sh").returncode == 0
    assert "--solver=models/caffenet/solver.prototxt --snapshot=latest" in calls(tree)[-1]
    for line in (f"{solver} models/nix", "models/nix"):
        done = call(tree, f"resume_training.sh {line}")
        assert done.returncode == 1 and "models/nix is missing; " in done.stderr
    assert len(calls(tree)) == 3


def test_wrong_words_are_answered(tree):
    for line in ("train_imagenet.sh nix", "train_imagenet.sh", "train_cifar10_full_sigmoid.sh nix",
                 "train_mnist_autoencoder.sh adam", "train_hdf5_classification.sh nix",
                 "create_imagenet.sh one", "create_flickr_style.sh"):
        done = call(tree, line)
        assert done.returncode == 1 and not calls(tree), line
        assert done.stderr.startswith(line.split()[0] + ": "), line


def test_create_imagenet(tree):
    pictures = tree.parent / "pictures"
    pictures.mkdir()
    line = "create_imagenet.sh pictures pictures --gray"
    assert "get_ilsvrc_aux.sh" in call(tree, line).stderr
    put(tree, "ilsvrc12/train.txt", "ilsvrc12/val.txt")
    done = call(tree, line)  # the Python that takes notes makes no database
    assert done.returncode == 1 and "ilsvrc12_train_lmdb could not be made" in done.stderr
    assert calls(tree) == [
        "-m caffepy convert_imageset --resize_height=256 --resize_width=256 --shuffle --gray "
        f"{pictures}/ data/ilsvrc12/train.txt data/ilsvrc12/ilsvrc12_train_lmdb"]
    put(tree, *IMAGENET)
    assert "is there already" in call(tree, line).stderr
    assert call(tree, "make_imagenet_mean.sh").returncode == 0
    assert calls(tree)[-1].endswith("compute_image_mean data/ilsvrc12/ilsvrc12_train_lmdb "
                                    "data/ilsvrc12/imagenet_mean.binaryproto")
