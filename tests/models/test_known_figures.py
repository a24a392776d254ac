"""Figures that tutorials and logs of the original show, at full batch: nothing is computed, and
memory is taken when it is first used."""

import logging
import re

from models.offline import net_param
from nets import ALEXNET_V1

from caffepy.core.net import Net
from caffepy.core.upgrade import upgrade_net
from caffepy.proto import caffe_pb2, text

ALEXNET_SHAPES = {
    "conv1": "256 96 55 55 (74342400)", "pool1": "256 96 27 27 (17915904)",
    "conv2": "256 256 27 27 (47775744)", "pool2": "256 256 13 13 (11075584)",
    "conv3": "256 384 13 13 (16613376)", "conv4": "256 384 13 13 (16613376)",
    "conv5": "256 256 13 13 (11075584)", "pool5": "256 256 6 6 (2359296)",
}  # fmt: skip


def log_of(param, caplog):
    """What building the training net of a NetParameter logs."""
    with caplog.at_level(logging.INFO, logger="caffepy"):
        net = Net(param, caffe_pb2.TRAIN)
    return net, caplog.messages


def top_shapes(messages):
    """Layer name to the first "Top shape" line behind "Setting up"."""
    found = {}
    for message, following in zip(messages, messages[1:], strict=False):
        layer = re.fullmatch(r"Setting up (\S+)", message)
        shape = re.fullmatch(r"Top shape: (.*)", following)
        if layer and shape:
            found[layer[1]] = shape[1].strip()
    return found


def test_an_alexnet_in_the_old_format(caplog):
    param = caffe_pb2.NetParameter()
    text.parse(ALEXNET_V1.replace("CLASSES", "22").replace('type: "gaussian"', ""), param)
    assert upgrade_net(param) and not param.layers
    net, messages = log_of(param, caplog)
    assert ALEXNET_SHAPES.items() <= top_shapes(messages).items()
    # in-place tops counted again and the loss's float, as version 1.0 counts
    memory = [message for message in messages if message.startswith("Memory required for data: ")]
    assert memory[-1] == "Memory required for data: 1756219396" and net.memory_used == 1756219396
    # each blob once, without the loss: what the first versions printed
    once = sum(blob.count for name, blob in net.blobs.items()
               if name != "loss" and not name.endswith("_split_0") and name != "label")
    assert 4 * (once + net.blobs["label"].count) == 1073760256


def test_our_alexnet_has_the_same_shapes(caplog):
    _, messages = log_of(net_param("alexnet/train_val.prototxt", 256, fill=False), caplog)
    found = top_shapes(messages)
    assert {name: found[name] for name in ALEXNET_SHAPES} == ALEXNET_SHAPES
    # normalization before pooling: it is done on the larger pictures
    assert found["norm1"] == ALEXNET_SHAPES["conv1"]


def test_our_caffenet_normalizes_what_is_pooled(caplog):
    _, messages = log_of(net_param("caffenet/train_val.prototxt", 256, fill=False), caplog)
    assert top_shapes(messages)["norm1"] == ALEXNET_SHAPES["pool1"]


def test_cifar10_quick(caplog):
    _, messages = log_of(net_param("cifar10/cifar10_quick_train_test.prototxt", 100), caplog)
    found = top_shapes(messages)
    assert found["conv1"] == "100 32 32 32 (3276800)"
    assert found["pool1"] == "100 32 16 16 (819200)" and found["ip1"] == "100 64 (6400)"
