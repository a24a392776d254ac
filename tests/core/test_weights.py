"""Parameters matched by layer name: what is said of those that are not."""

from __future__ import annotations

import pytest

from caffepy.core import weights
from caffepy.core.net import Net
from caffepy.proto import caffe_pb2, text


def net(*layers):
    """Fully connected layers in a row: name and outputs of each."""
    param = caffe_pb2.NetParameter()
    rows, bottom = ["""layer { name: "in" type: "Input" top: "in"
        input_param { shape { dim: 1 dim: 4 } } }"""], "in"
    for name, outputs in layers:
        rows.append(f'layer {{ name: "{name}" type: "InnerProduct" bottom: "{bottom}" '
                    f'top: "{name}" inner_product_param {{ num_output: {outputs} }} }}')
        bottom = name
    text.parse("\n".join(rows), param)
    return Net(param, caffe_pb2.TEST)


@pytest.fixture
def saved(tmp_path):
    path = str(tmp_path / "old.caffemodel")
    net(("fc6", 4), ("fc7", 4), ("fc8", 9)).save(path)
    return path


def test_a_renamed_layer_is_told_its_likely_partner(saved, caplog):
    report = net(("my_fc6", 4), ("fc7x", 4), ("fc8", 9)).load(saved)
    assert report.alike == {"my_fc6": "fc6", "fc7x": "fc7"}
    assert "Its layer 'fc6', which is not used, has the same shapes: if" in caplog.text
    table = weights.table([report])
    assert f"my_fc6  initial values  in no file; 'fc6' of {saved} has its shapes" in table


def test_the_most_similar_name_and_each_once(saved):
    report = net(("fc7_new", 4), ("other", 4), ("third", 4), ("fc8", 9)).load(saved)
    assert report.alike == {"fc7_new": "fc7", "other": "fc6"}


def test_a_new_last_layer_is_no_renamed_one(saved, caplog):
    report = net(("fc6", 4), ("fc7", 4), ("flowers", 3)).load(saved)
    assert (report.missing, report.unused, report.alike) == (["flowers"], ["fc8"], {})
    assert caplog.messages[-1].endswith("'flowers': its parameters keep their initial values")


def test_layers_that_are_used_are_nobodys_partner(saved):
    assert net(("fc6", 4), ("fc6b", 4), ("fc7", 4), ("fc8", 9)).load(saved).alike == {}
