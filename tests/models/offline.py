"""Nets of models/ without their data: what reads files gives made-up pictures instead."""

from pathlib import Path

from caffepy.core.upgrade import read_net_param, read_solver_param
from caffepy.proto import caffe_pb2

ROOT = Path(__file__).resolve().parents[2]
MODELS = ROOT / "models"
READERS = ("Data", "ImageData", "HDF5Data", "AnnotatedData")
BOXES = (1, 1, 4, 8)  # of a batch, what a layer that reads boxes gives
PICTURES = {  # where the shape is not the crop's
    "lenet": (1, 28, 28), "mnist_autoencoder": (1, 28, 28), "mnist_siamese": (2, 28, 28),
    "fashion_resnet": (1, 28, 28),
    "cifar10": (3, 32, 32), "alexnet_cifar10": (3, 32, 32), "hdf5_classification": (4,),
}  # fmt: skip


def net_param(path, batch, fill=True):
    """The net of a file (from models/), upgraded, its batches of ``batch``.

    Args:
        fill: keep the fillers; without them large weights are zeros and cost no time.
    """
    param, _ = read_net_param(str(MODELS / path))
    for layer in param.layer:
        if layer.type in READERS:
            rule = layer.transform_param
            crop = rule.resize_param[0].height if rule.resize_param else rule.crop_size
            shape = PICTURES.get(Path(path).parts[0], (3, crop, crop))
            made_up(layer, (batch, *shape))
        elif layer.type == "Input":
            layer.input_param.shape[0].dim[0] = batch
        if not fill:
            for own in (layer.convolution_param, layer.inner_product_param):
                own.ClearField("weight_filler")
                own.ClearField("bias_filler")
    return param


def made_up(layer, shape):
    """Make DummyData of a reading layer: pictures from N(0, 1), labels 1."""
    boxes = layer.type == "AnnotatedData"
    layer.type = "DummyData"
    for name in ("data_param", "image_data_param", "hdf5_data_param", "annotated_data_param",
                 "transform_param"):
        layer.ClearField(name)
    own = layer.dummy_data_param
    own.shape.add(dim=shape)
    own.data_filler.add(type="gaussian")
    if len(layer.top) > 1:
        own.shape.add(dim=BOXES if boxes else shape[:1])
        own.data_filler.add(value=1)


def solver_param(path, batch=2):
    """A solver file's message, its nets offline; tests are one batch, and nothing is written."""
    param, _ = read_solver_param(str(MODELS / path))
    names = {"net": "net_param", "train_net": "train_net_param"}
    for name, own in names.items():
        if param.HasField(name):
            getattr(param, own).CopyFrom(net_param(offline_name(getattr(param, name)), batch))
            param.ClearField(name)
    for name in param.test_net:
        param.test_net_param.add().CopyFrom(net_param(offline_name(name), batch))
    del param.test_net[:]
    param.test_iter[:] = [1] * len(param.test_iter)
    param.snapshot_after_train = False
    param.random_seed = 1701
    return param


def offline_name(path):
    """A path as solver files write it, from the repository's root, as ``net_param`` takes it."""
    return str(Path(path).relative_to("models"))


def learned(net):
    """How many numbers are learned; batch normalization's statistics are not."""
    of_layer = {layer.name: layer.type for layer in net.layers}
    return sum(p.count for p in net.parameters if of_layer[p.layer] != "BatchNorm")


PHASES = {"train": caffe_pb2.TRAIN, "test": caffe_pb2.TEST}
