"""Names, numbers and types of layers are those that OpenCV 4.14 gave for the same files."""

import numpy as np
import pytest

from caffepy import dnn
from caffepy.errors import ConfigError, NotFound

ODD = """
name: "odd"
layer { name: "in" type: "Input" top: "data" top: "aux"
        input_param { shape { dim: 1 dim: 4 dim: 8 dim: 8 } shape { dim: 1 dim: 4 dim: 8 dim: 8 } } }
layer { name: "c1_layer" type: "Convolution" bottom: "data" top: "c1_top"
        convolution_param { num_output: 4 kernel_size: 3 pad: 1 } }
layer { name: "r1" type: "ReLU" bottom: "c1_top" top: "c1_top" }
layer { name: "c2_layer" type: "Convolution" bottom: "c1_top" bottom: "aux" top: "c2a" top: "c2b"
        convolution_param { num_output: 6 kernel_size: 1 } }
layer { name: "drop" type: "Dropout" bottom: "c2a" top: "c2a" }
layer { name: "bn" type: "BatchNorm" bottom: "c2b" top: "bn"
        batch_norm_param { use_global_stats: false } }
layer { name: "sl" type: "Slice" bottom: "bn" top: "s1" top: "s2" }
layer { name: "pool" type: "Pooling" bottom: "c2a" top: "pool"
        pooling_param { pool: AVE kernel_size: 3 stride: 2 } }
layer { name: "ip" type: "InnerProduct" bottom: "pool" top: "ip"
        inner_product_param { num_output: 5 } }
layer { name: "sm" type: "Softmax" bottom: "ip" top: "prob" }
layer { name: "sm" type: "ReLU" bottom: "s1" top: "other" }
layer { name: "sig" type: "Sigmoid" bottom: "s2" top: "sig" }
layer { name: "loss" type: "SoftmaxWithLoss" bottom: "ip" bottom: "label" top: "loss"
        include { phase: TRAIN } }
"""  # noqa: E501
NAMES = ("c1_top", "r1", "c2a", "c2b", "drop", "bn/mvn", "bn", "sl", "pool", "ip", "sm", "sm_1",
         "sig")
# getFLOPS and getMemoryConsumption of each layer, for both inputs of 1 x 4 x 8 x 8
COSTS = [(18688, (592, 1024)), (256, (0, 1024)), (3456, (120, 1536)), (3456, (120, 1536)),
         (0, (0, 1536)), (2322, (0, 1536)), (1152, (52, 1536)), (0, (0, 1536)), (960, (0, 384)),
         (1440, (1940, 20)), (20, (0, 20)), (192, (0, 768)), (576, (0, 768))]
SHAPES = [[1, 4, 8, 8]] * 2


@pytest.fixture
def net(made):
    return dnn.readNetFromCaffe(*made(ODD))


def test_layers_are_named_and_counted_as_by_opencv(net):
    assert net.getLayerNames() == NAMES
    assert [net.getLayerId(name) for name in NAMES] == list(range(1, 14))
    assert net.getLayerId("nobody") == -1
    assert net.getLayerId("c1_layer") == -1, "a convolution is named by its top"


def test_outputs_are_the_layers_that_nobody_reads(net):
    assert net.getUnconnectedOutLayersNames() == ("sm", "sm_1", "sig")
    assert net.getUnconnectedOutLayers().tolist() == [11, 12, 13]
    assert net.getUnconnectedOutLayers().dtype == np.int32


def test_layers_say_their_type_and_what_they_read(net):
    assert [net.getLayer(i).type for i in (1, 6, 7, 12)] == ["Convolution", "MVN", "BatchNorm",
                                                             "ReLU"]
    assert net.getLayer(0).name == "_input" and net.getLayer(0).type == ""
    assert net.getLayer(0).outputNameToIndex("aux") == 1
    assert net.getLayer(0).outputNameToIndex("im_info") == -1
    assert [layer.name for layer in net.getLayerInputs("c2b")] == ["_input"]
    assert net.getLayersCount("Convolution") == 3
    assert net.getLayerTypes() == ("BatchNorm", "Convolution", "Dropout", "InnerProduct", "MVN",
                                   "Pooling", "ReLU", "Sigmoid", "Slice", "Softmax",
                                   "__NetInputLayer__")


def test_a_wrong_name_is_told_with_the_nearest(net):
    with pytest.raises(NotFound, match="no layer 'polo' in the net. Did you mean pool"):
        net.getLayer("polo")
    with pytest.raises(NotFound, match="allowed: 0 to 13"):
        net.getLayer(14)
    with pytest.raises(ConfigError, match="'bn/mvn' is a step within a layer here. Ask for 'bn'"):
        net.forward("bn/mvn")


def test_operations_and_bytes_are_opencv_s(net):
    assert [(net.getFLOPS(i, SHAPES), net.getMemoryConsumption(i, SHAPES))
            for i in range(1, 14)] == COSTS
    assert net.getFLOPS(SHAPES) == 32518
    assert net.getFLOPS([[2, 4, 8, 8]] * 2) > 2 * 32000


def test_shapes_of_all_layers(net):
    ids, read, wrote = net.getLayersShapes(SHAPES)
    assert ids.tolist() == list(range(14))
    assert [[shape.tolist() for shape in shapes] for shapes in (read[0], wrote[0])] == [SHAPES] * 2
    assert [shape.tolist() for shape in wrote[8]] == [[1, 3, 8, 8]] * 2
    assert wrote[10][0].tolist() == [1, 5] and read[10][0].tolist() == [1, 6, 4, 4]
    with pytest.raises(Exception, match=r"a shape for each input .*allowed: 2: data, aux"):
        net.getFLOPS([1, 4, 8, 8])


def test_the_graph_is_dumped(net, tmp_path):
    assert '"c1_top" -> "r1"' in net.dump() and '"aux" -> "c2b"' in net.dump()
    net.dumpToFile(str(tmp_path / "net.dot"))
    assert (tmp_path / "net.dot").read_text() == net.dump()


def test_a_layer_without_tops_is_an_output_for_opencv(made):
    net = dnn.readNetFromCaffe(*made(
        ODD + 'layer { name: "quiet" type: "Silence" bottom: "sig" bottom: "other" }'))
    assert net.getUnconnectedOutLayersNames() == ("sm", "quiet")
    assert net.getLayer("quiet").blobs == () and net.getFLOPS(SHAPES) == 32518
    with pytest.raises(ConfigError, match="'quiet' is a layer without an output"):
        net.forward()


def test_an_empty_net_says_so():
    net = dnn.Net()
    assert net.empty() and net.getLayerNames() == ()
    with pytest.raises(ConfigError, match="the net is empty. Read one by readNetFromCaffe"):
        net.forward()
