"""Every net of models/ loads, has its published size, and runs.

Where published numbers come from:
- LeNet: the layers' own arithmetic, 520 + 25,050 + 400,500 + 5,010.
- AlexNet, CaffeNet: 60,965,224 (Caffe's model zoo; the paper says "60 million").
- GoogLeNet: 6,998,552 without the auxiliary classifiers (Szegedy et al., table 1, and biases),
  which have 2 x 3,189,864 more.
- VGG-16: 138,357,544 (torchvision.models.vgg16; Simonyan and Zisserman, table 2: 138 million).
- ResNet-50: torchvision's 25,557,032, and the 64 biases that the published conv1 has in Caffe.
- SqueezeNet 1.1: 1,235,496 (torchvision.models.squeezenet1_1).
- MobileNet 1.0 224: 4,231,976 trainable (keras.applications.MobileNet).
- SSD300: 8,732 boxes (Liu et al., table 7); the rest is that of its authors' train.prototxt.
- MobileNet-SSD: 1917 boxes of its authors' net; the rest is the layers' own arithmetic.
"""

import numpy as np
import pytest
from models.offline import MODELS, PHASES, learned, net_param, solver_param

from caffepy.core.net import Net
from caffepy.proto import caffe_pb2
from caffepy.solvers.solver import create_solver

TRAIN, TEST = caffe_pb2.TRAIN, caffe_pb2.TEST
QUICK, FULL = 145578, 89578
HELPERS = 2 * 3189864  # GoogLeNet's auxiliary classifiers
CLASSES = (1000,)

# nets for use: file, batch, learned numbers, blob to look at and its shape without the batch
DEPLOYED = [
    ("lenet/lenet.prototxt", 2, 431080, "prob", (10,)),
    ("fashion_resnet/deploy.prototxt", 2, 971514, "res4", (192, 4, 4)),
    ("mnist_autoencoder/deploy.prototxt", 2, 2837314, "encode4", (30,)),
    ("mnist_siamese/deploy.prototxt", 2, 431102, "feat", (2,)),
    ("cifar10/cifar10_quick.prototxt", 2, QUICK, "pool3", (64, 4, 4)),
    ("cifar10/cifar10_full.prototxt", 2, FULL, "pool3", (64, 4, 4)),
    ("cifar10/cifar10_full_sigmoid.prototxt", 2, FULL, "pool3", (64, 4, 4)),
    ("cifar10/cifar10_full_sigmoid_bn.prototxt", 2, FULL - 128, "bn1", (32, 16, 16)),
    ("alexnet_cifar10/deploy.prototxt", 2, 21622154, "pool5", (256, 1, 1)),
    ("alexnet_cifar10/deploy_no_lrn.prototxt", 2, 21622154, "pool1", (96, 3, 3)),
    ("hdf5_classification/logreg_deploy.prototxt", 2, 10, "prob", (2,)),
    ("hdf5_classification/nonlinear_deploy.prototxt", 2, 282, "prob", (2,)),
    ("alexnet/deploy.prototxt", 1, 60965224, "pool5", (256, 6, 6)),
    ("caffenet/deploy.prototxt", 1, 60965224, "norm2", (256, 13, 13)),
    ("flickr_style/deploy.prototxt", 1, 56868224 + 20 * 4097, "prob", (20,)),
    ("rcnn/deploy.prototxt", 1, 56868224 + 200 * 4097, "fc-rcnn", (200,)),
    ("googlenet/deploy.prototxt", 1, 6998552, "inception_4e/output", (832, 14, 14)),
    ("vgg16/deploy.prototxt", 1, 138357544, "pool5", (512, 7, 7)),
    ("resnet50/deploy.prototxt", 1, 25557032 + 64, "res4f", (1024, 14, 14)),
    ("squeezenet/deploy.prototxt", 1, 1235496, "fire9/concat", (512, 14, 14)),
    ("mobilenet/deploy.prototxt", 1, 4231976, "conv6/sep", (1024, 7, 7)),
    ("ssd300_vgg16/deploy.prototxt", 1, 26285486, "mbox_conf", (8732 * 21,)),
    ("digits_ssd/deploy.prototxt", 2, 602500, "mbox_conf", (1080 * 11,)),
    ("mobilenet_ssd/deploy.prototxt", 1, 5783417, "mbox_conf", (1917 * 21,)),
]

# nets to train: file, learned numbers, outputs of the training and of the test net
TRAINED = [
    ("lenet/lenet_train_test.prototxt", 431080, ["loss"], ["accuracy", "loss"]),
    ("lenet/lenet_fashion_train_test.prototxt", 431080, ["loss"], ["accuracy", "loss"]),
    ("fashion_resnet/train_test.prototxt", 971514, ["loss"], ["accuracy", "loss"]),
    ("mnist_siamese/train_val.prototxt", 431102, ["loss"], ["loss"]),
    ("cifar10/cifar10_quick_train_test.prototxt", QUICK, ["loss"], ["accuracy", "loss"]),
    ("cifar10/cifar10_full_train_test.prototxt", FULL, ["loss"], ["accuracy", "loss"]),
    ("alexnet_cifar10/train_val.prototxt", 21622154, ["loss"], ["accuracy", "loss"]),
    ("alexnet/train_val.prototxt", 60965224, ["loss"], ["accuracy", "loss"]),
    ("caffenet/train_val.prototxt", 60965224, ["loss"], ["accuracy", "loss"]),
    ("flickr_style/train_val.prototxt", 56950164, ["loss"], ["accuracy", "loss"]),
    ("googlenet/train_val.prototxt", 6998552 + HELPERS,
     ["loss1/loss1", "loss2/loss2", "loss3/loss3"],
     [f"loss{i}/{end}" for i in (1, 2, 3) for end in (f"loss{i}", "top-1", "top-5")]),
    ("vgg16/train_val.prototxt", 138357544, ["loss"], ["accuracy", "accuracy_top_5", "loss"]),
    ("resnet50/train_val.prototxt", 25557096, ["loss"], ["accuracy", "accuracy_top_5", "loss"]),
    ("squeezenet/train_val.prototxt", 1235496, ["loss"], ["accuracy", "accuracy_top_5", "loss"]),
    ("mobilenet/train_val.prototxt", 4231976, ["loss"], ["accuracy", "accuracy_top_5", "loss"]),
    ("ssd300_vgg16/train_val.prototxt", 26285486, ["mbox_loss"], ["detection_eval"]),
    ("digits_ssd/train_val.prototxt", 602500, ["mbox_loss"], ["detection_eval"]),
    ("mobilenet_ssd/train_val.prototxt", 5796089, ["mbox_loss"], ["detection_eval"]),
]
# no fillers for these, to save time
LARGE = ("alexnet/", "caffenet/", "flickr_style/", "vgg16/", "ssd300_vgg16/")

SOLVERS = sorted(str(path.relative_to(MODELS)) for path in MODELS.glob("*/*solver*.prototxt"))
# their nets are built and run above; CaffeNet's solver stands for them, as they take seconds each
UNSTEPPED = ("alexnet/", "flickr_style/", "googlenet/", "vgg16/", "ssd300_vgg16/", "mobilenet_ssd/",
             "faster_rcnn_zf/", "rfcn_resnet50/",
             "digits_ssd/", "digits_faster_rcnn/")  # in files of their own, on true boxes


@pytest.mark.parametrize("path, batch, count, blob, shape", DEPLOYED, ids=lambda v: str(v))
def test_nets_for_use(path, batch, count, blob, shape):
    # zeros need no fillers and make every class equally probable
    net = Net(net_param(path, batch, fill=False), TEST)
    assert learned(net) == count
    assert net.blob(blob).shape == (batch, *shape)
    net.forward()
    for name in net.output_names:
        found = net.blob(name).data
        assert np.isfinite(found).all()
        if name == "prob":
            assert np.allclose(found.reshape(batch, -1).sum(axis=1), 1, rtol=1e-5)


@pytest.mark.parametrize("path, count, train, test", TRAINED, ids=lambda v: str(v)[:40])
def test_nets_to_train(path, count, train, test):
    for phase, outputs in ((TRAIN, train), (TEST, test)):
        net = Net(net_param(path, 1, fill=not path.startswith(LARGE)), phase)
        assert learned(net) == count
        assert net.output_names == outputs
        net.close()


@pytest.mark.parametrize("path", [path for path in SOLVERS if not path.startswith(UNSTEPPED)])
def test_solvers_step(path):
    param = solver_param(path, batch=1 if path.startswith(("resnet50", "caffenet")) else 2)
    param.iter_size = min(param.iter_size, 2)
    if path.startswith("resnet50"):
        param.iter_size = 1
    solver = create_solver(param)
    before = [np.array(p.blob.data) for p in solver.net.parameters]
    solver.step(1)
    assert np.isfinite(solver.smoothed_loss) and solver.smoothed_loss > 0
    moved = [not np.array_equal(old, p.blob.data)
             for old, p in zip(before, solver.net.parameters, strict=True)]
    assert all(moved[:1]) and sum(moved) > len(moved) / 2
    assert len(solver.test_nets) == len(param.test_iter)
    solver.close()


def test_every_file_is_looked_at():
    known = {path for path, *_ in DEPLOYED + TRAINED} | set(SOLVERS)
    # nets that a solver above names
    known |= {"faster_rcnn/deploy.prototxt",  # test_detectors.py
              *(f"{model}/{kind}.prototxt" for model in ("faster_rcnn_zf", "rfcn_resnet50")
                for kind in ("train_val", "deploy", "detect")),  # test_region_nets.py
              "digits_faster_rcnn/train_val.prototxt",  # test_digits_faster_rcnn.py
              "digits_faster_rcnn/deploy.prototxt",
              "ssd300_vgg16/labelmap_voc.prototxt", "digits_ssd/labelmap.prototxt",  # no nets
              "mnist_autoencoder/train_val.prototxt", "alexnet_cifar10/train_val_no_lrn.prototxt",
              *(f"cifar10/cifar10_full_sigmoid{end}_train_test.prototxt" for end in ("", "_bn")),
              *(f"hdf5_classification/{name}_{phase}.prototxt"
                for name in ("logreg", "nonlinear") for phase in ("train", "test"))}
    there = {str(path.relative_to(MODELS)) for path in MODELS.glob("*/*.prototxt")}
    assert there == known


def test_two_tests_of_the_autoencoder():
    solver = create_solver(solver_param("mnist_autoencoder/solver.prototxt"))
    assert [net.output_names for net in solver.test_nets] == [
        ["cross_entropy_loss", "l2_error"]] * 2
    assert solver.net.loss_weights["l2_error"] == 0
    solver.close()


def test_halves_of_the_siamese_net_share_their_weights():
    net = Net(net_param("mnist_siamese/train_val.prototxt", 2), TRAIN)
    for name in ("conv1", "conv2", "ip1", "ip2", "feat"):
        for mine, other in zip(net.params[name], net.params[f"{name}_p"], strict=True):
            assert mine.values.memory is other.values.memory
    assert len(net.parameters) == 10


def test_rates_of_the_tuned_layer():
    net = Net(net_param("flickr_style/train_val.prototxt", 1, fill=False), PHASES["train"])
    rates = {p.layer: [] for p in net.parameters}
    for p in net.parameters:
        rates[p.layer].append((p.lr_mult, p.decay_mult))
    assert rates["fc8_flickr"] == [(10, 1), (20, 0)] and rates["fc7"] == [(1, 1), (2, 0)]


def test_snapshots_without_a_suffix(tmp_path):
    """The first versions wrote cifar10_quick_iter_5000 and cifar10_quick_iter_5000.solverstate."""
    param = solver_param("cifar10/cifar10_quick_solver.prototxt")
    param.snapshot_prefix = str(tmp_path / "cifar10_quick")
    solver = create_solver(param)
    solver.step(2)
    solver.snapshot()
    bare = tmp_path / "cifar10_quick_iter_2"
    (tmp_path / "cifar10_quick_iter_2.caffemodel").rename(bare)
    net = Net(net_param("cifar10/cifar10_quick.prototxt", 1), TEST)
    net.load(bare)
    assert np.array_equal(net.params["conv1"][0].data, solver.net.params["conv1"][0].data)
    # a state names its weights; it is found by what is in it, whatever it is called
    state = caffe_pb2.SolverState.FromString(
        (tmp_path / "cifar10_quick_iter_2.solverstate").read_bytes())
    state.learned_net = str(bare)
    (tmp_path / "state").write_bytes(state.SerializeToString())
    again = create_solver(solver_param("cifar10/cifar10_quick_solver_lr1.prototxt"))
    again.restore(str(tmp_path / "state"))
    assert again.iter == 2
    assert np.array_equal(again.net.params["ip2"][0].data, solver.net.params["ip2"][0].data)
    for one in (solver, again):
        one.close()
