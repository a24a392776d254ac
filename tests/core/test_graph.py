"""Filtering by rules and inserting splits, on whole small nets."""

import logging
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from caffepy.core import graph
from caffepy.errors import ConfigError, NotFound
from caffepy.proto import caffe_pb2, text

TRAIN = caffe_pb2.NetState(phase=caffe_pb2.TRAIN)
TEST = caffe_pb2.NetState(phase=caffe_pb2.TEST)

LENET = """
name: "LeNet"
layer { name: "mnist" type: "Data" top: "data" top: "label" include { phase: TRAIN } }
layer { name: "mnist" type: "Data" top: "data" top: "label" include { phase: TEST } }
layer { name: "ip1" type: "InnerProduct" bottom: "data" top: "ip1" }
layer { name: "relu1" type: "ReLU" bottom: "ip1" top: "ip1" }
layer { name: "ip2" type: "InnerProduct" bottom: "ip1" top: "ip2" }
layer { name: "accuracy" type: "Accuracy" bottom: "ip2" bottom: "label" top: "accuracy"
        include { phase: TEST } }
layer { name: "loss" type: "SoftmaxWithLoss" bottom: "ip2" bottom: "label" top: "loss" }
"""


def net_of(content: str) -> caffe_pb2.NetParameter:
    net = caffe_pb2.NetParameter()
    text.parse(content, net)
    return net


def names(net: caffe_pb2.NetParameter) -> list[str]:
    return [layer.name for layer in net.layer]


def is_in(rules: str, state: caffe_pb2.NetState) -> bool:
    return bool(graph.filter_net(net_of(f'layer {{ name: "x" {rules} }}'), state).layer)


# filter


def test_phase_rules_and_what_they_log(caplog):
    """The lines of the recorded training log."""
    with caplog.at_level(logging.INFO, "caffepy"):
        net = graph.filter_net(net_of(LENET), TRAIN)
    assert names(net) == ["mnist", "ip1", "relu1", "ip2", "loss"]
    assert net.layer[0].include[0].phase == caffe_pb2.TRAIN
    line = "The NetState phase (0) differed from the phase (1) specified by a rule in layer "
    assert caplog.messages == [line + "mnist", line + "accuracy"]


def test_the_net_itself_is_left_alone():
    net = net_of(LENET + 'state { level: 3 } input: "x" input_shape { dim: 1 } debug_info: true')
    before = net.SerializeToString()
    filtered = graph.filter_net(net, TEST)
    graph.insert_splits(filtered)
    assert net.SerializeToString() == before
    filtered.ClearField("layer"), net.ClearField("layer")
    assert filtered == net


LEVEL_2 = caffe_pb2.NetState(level=2)
STAGES = caffe_pb2.NetState(stage=["a", "b"])


@pytest.mark.parametrize(
    ("rule", "state", "meets", "said"),
    [
        ("", TEST, True, None),
        ("phase: TEST", TEST, True, None),
        ("min_level: 2", LEVEL_2, True, None),
        ("min_level: 3", LEVEL_2, False, "level (2) is above the min_level (3)"),
        ("max_level: 2", LEVEL_2, True, None),
        ("max_level: 1", LEVEL_2, False, "level (2) is above the max_level (1)"),
        ("min_level: 0", TEST, True, None),
        ('stage: "a" stage: "b"', STAGES, True, None),
        ('stage: "a" stage: "c"', STAGES, False, "did not contain stage 'c'"),
        ('not_stage: "c"', STAGES, True, None),
        ('not_stage: "a"', STAGES, False, "contained a not_stage 'a'"),
        ('stage: "a" phase: TRAIN', STAGES, False, "phase (1) differed from the phase (0)"),
    ],
)
def test_every_part_of_a_rule(caplog, rule, state, meets, said):
    with caplog.at_level(logging.INFO, "caffepy"):
        assert is_in(f"include {{ {rule} }}", state) == meets
        assert is_in(f"exclude {{ {rule} }}", state) != meets
    expected = f"The NetState {said} specified by a rule in layer x"
    assert caplog.messages == ([] if said is None else [expected] * 2)


def test_one_rule_of_several_is_enough():
    several = 'include { phase: TRAIN } include { stage: "a" }'
    assert is_in(several, STAGES) and not is_in(several, TEST)
    assert not is_in(several.replace("include", "exclude"), STAGES)


def test_include_and_exclude_on_one_layer_is_an_error():
    net = caffe_pb2.NetParameter()
    both = 'layer { name: "x"\n include {} exclude {} }'
    source = text.parse("\n" + both, net, name="net.prototxt")
    with pytest.raises(ConfigError, match="^net.prototxt:2, layer 'x': .* not both$"):
        graph.filter_net(net, TEST, source)


# splits


def test_names_are_those_of_the_recorded_log():
    net = graph.insert_splits(graph.filter_net(net_of(LENET), TEST))
    expected = net_of("""
name: "LeNet"
layer { name: "mnist" type: "Data" top: "data" top: "label" include { phase: TEST } }
layer { name: "label_mnist_1_split" type: "Split" bottom: "label"
        top: "label_mnist_1_split_0" top: "label_mnist_1_split_1" }
layer { name: "ip1" type: "InnerProduct" bottom: "data" top: "ip1" }
layer { name: "relu1" type: "ReLU" bottom: "ip1" top: "ip1" }
layer { name: "ip2" type: "InnerProduct" bottom: "ip1" top: "ip2" }
layer { name: "ip2_ip2_0_split" type: "Split" bottom: "ip2"
        top: "ip2_ip2_0_split_0" top: "ip2_ip2_0_split_1" }
layer { name: "accuracy" type: "Accuracy" bottom: "ip2_ip2_0_split_0"
        bottom: "label_mnist_1_split_0" top: "accuracy" include { phase: TEST } }
layer { name: "loss" type: "SoftmaxWithLoss" bottom: "ip2_ip2_0_split_1"
        bottom: "label_mnist_1_split_1" top: "loss" }
""")
    assert text.to_text(net) == text.to_text(expected)


def test_an_in_place_layer_takes_the_blob_over():
    net = graph.insert_splits(
        net_of("""
layer { name: "in" top: "x" }
layer { name: "relu" bottom: "x" top: "x" }
layer { name: "a" bottom: "x" }
layer { name: "b" bottom: "x" }
""")
    )
    assert names(net) == ["in", "relu", "x_relu_0_split", "a", "b"]
    assert net.layer[1].bottom == net.layer[1].top == ["x"]
    assert net.layer[4].bottom == ["x_relu_0_split_1"]


def test_a_blob_read_before_and_in_place_later_is_split_at_its_maker():
    net = graph.insert_splits(
        net_of("""
layer { name: "in" top: "x" }
layer { name: "a" bottom: "x" }
layer { name: "relu" bottom: "x" top: "x" }
layer { name: "b" bottom: "x" }
""")
    )
    assert names(net) == ["in", "x_in_0_split", "a", "relu", "b"]
    relu = net.layer[3]
    assert relu.bottom == ["x_in_0_split_1"] and relu.top == ["x"]
    assert net.layer[4].bottom == ["x"]


def test_one_layer_may_read_a_blob_twice():
    net = graph.insert_splits(net_of('layer { top: "x" name: "i" } layer { bottom: ["x", "x"] }'))
    assert net.layer[2].bottom == ["x_i_0_split_0", "x_i_0_split_1"]


def test_a_loss_that_is_read_hands_its_weight_to_the_split():
    net = graph.insert_splits(
        net_of("""
layer { name: "l" top: "one" top: "two" loss_weight: 2 loss_weight: 3 }
layer { name: "r" bottom: "one" }
""")
    )
    assert names(net) == ["l", "one_l_0_split", "r"]
    assert net.layer[0].loss_weight == [0, 3]  # the other top keeps its weight
    assert net.layer[1].top == ["one_l_0_split_0", "one_l_0_split_1"]
    assert net.layer[1].loss_weight == [2, 0]
    assert net.layer[2].bottom == ["one_l_0_split_1"]


def test_a_loss_nobody_reads_needs_no_split():
    net = net_of('layer { name: "l" top: "one" loss_weight: 2 }')
    assert graph.insert_splits(net) == net
    net = net_of('layer { name: "l" top: "x" loss_weight: 0 } layer { bottom: "x" }')
    assert graph.insert_splits(net) == net


def test_unknown_bottoms_suggest_the_nearest():
    with pytest.raises(NotFound) as error:
        graph.insert_splits(
            net_of('layer { name: "d" top: "data" } layer { name: "q" bottom: "dat" }')
        )
    expected = "Unknown bottom blob 'dat' (layer 'q', bottom index 0). Did you mean data?"
    assert str(error.value) == expected


def test_unknown_bottoms_name_the_line_and_who_makes_them_later():
    net = caffe_pb2.NetParameter()
    content = 'layer { name: "q"\nbottom: "late" }\nlayer { name: "p" top: "late" }'
    source = text.parse(content, net, name="net.prototxt")
    with pytest.raises(NotFound, match="^net.prototxt:1: .*made by layer 'p', which comes later"):
        graph.insert_splits(net, source)


@st.composite
def nets(draw):
    """Random nets: every bottom was made before, tops are new or in place."""
    net = caffe_pb2.NetParameter()
    blobs: list[str] = []
    for i in range(draw(st.integers(1, 8))):
        bottoms = draw(st.lists(st.sampled_from(blobs), max_size=3)) if blobs else []
        tops = [f"b{i}_{j}" for j in range(draw(st.integers(0, 2)))]
        if bottoms and draw(st.booleans()):
            tops = bottoms[:1] + tops
        weights = draw(st.lists(st.sampled_from([0, 1, 2]), max_size=len(tops)))
        net.layer.add(name=f"l{i}", bottom=bottoms, top=tops, loss_weight=weights)
        blobs += [top for top in tops if top not in blobs]
    return net


def readers(net: caffe_pb2.NetParameter) -> Counter[tuple[int, int]]:
    """How often each top is read, the loss counted as a reader."""
    latest, count = {}, Counter()
    for i, layer in enumerate(net.layer):
        count.update(latest[blob] for blob in layer.bottom)
        latest.update((blob, (i, j)) for j, blob in enumerate(layer.top))
        weighted = enumerate(layer.loss_weight)
        count.update((i, j) for j, weight in weighted if weight)
    return count


@settings(max_examples=150, deadline=None)
@given(nets())
def test_after_insertion_every_top_has_one_reader(net):
    split = graph.insert_splits(net)
    assert max(readers(split).values(), default=1) == 1
    assert graph.insert_splits(split) == split
    assert [x.name for x in split.layer if x.type != "Split"] == names(net)

    def total(n):
        return sum(sum(layer.loss_weight) for layer in n.layer)

    assert total(split) == total(net)


def test_the_modules_have_no_say_on_layers():
    """graph.py works on messages alone: it must not pull the layers in."""
    assert "registry" not in Path(graph.__file__).read_text()
