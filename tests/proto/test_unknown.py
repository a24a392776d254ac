"""Words of layers that the schema does not have: read, looked at and printed again."""

import math

import pytest

from caffepy.core import registry
from caffepy.proto import caffe_pb2, text, unknown

NET = """layer {
  name: "a"
  type: "Nobody"
  bottom: "x"
  param {
    lr_mult: 2
  }
  param {
    lr_mult: 1
    foo: "it's\\n"
  }
  transform_param {
    mirror: true
    resize_param {
      height: 3
      often: 2
    }
    jitter {
      a: -1e-3
      b: TRUE
    }
  }
  size: 1
  size: 2.50
  my_param {
  }
}
"""


def read(content: str):
    net = caffe_pb2.NetParameter()
    source = text.parse(content, net, name="net.prototxt", types=registry.names)
    return net, source


def test_what_was_read_is_printed_where_it_stood():
    net, source = read(NET)
    assert source.unknown and text.to_text(net) == NET
    assert net.layer[0].transform_param.mirror and net.layer[0].param[0].lr_mult == 2
    binary = caffe_pb2.NetParameter.FromString(net.SerializeToString())
    assert text.to_text(binary) == NET


def test_other_spellings_come_out_in_one():
    net, _ = read("layer { type: 'No' a: [1, -2]; "
                  "b < c: 'x' \"y\" d: { e: 0x1F }, >, z: [] f [{}] }")
    assert text.to_text(net) == (
        "layer {\n  type: \"No\"\n  a: 1\n  a: -2\n  b {\n    c: 'x' \"y\"\n    d {\n"
        "      e: 0x1F\n    }\n  }\n  f {\n  }\n}\n")
    assert text.to_text(read(text.to_text(net))[0]) == text.to_text(net)


def test_words_are_numbers_strings_blocks_and_lists_of_them():
    words = unknown.of(read(NET)[0].layer[0])
    assert words["size"] == [1, 2.5] and words["my_param"] == {} and words["my_param"].text == ""
    assert words["param"] == [{}, {"foo": "it's\n"}], "indices are the prototxt's"
    assert words["transform_param"] == {"resize_param": {"often": 2},
                                        "jitter": {"a": -1e-3, "b": "TRUE"}}
    assert words["transform_param"]["jitter"].text == "a: -1e-3\nb: TRUE\n"
    assert words.all("size") == [1, 2.5] and words.all("my_param") == [{}]
    assert words.all("nothing") == []
    assert unknown.names(read(NET)[0].layer[0]) == [
        "param.1.foo", "transform_param.resize_param.0.often", "transform_param.jitter", "size",
        "my_param"]


@pytest.mark.parametrize(("written", "value"), [
    ("3", 3), ("-3", -3), ("017", 15), ("0x1f", 31), ("1.5f", 1.5), ("1e3", 1000.0),
    ("true", True), ("false", False), ("MAX", "MAX"), ("-inf", -math.inf), ("'a' 'b'", "ab"),
    ("'\\303\\251'", "é"), ("1f", 1.0), ("09.5", 9.5),
])  # fmt: skip
def test_values(written, value):
    found = unknown.of(read(f"layer {{ type: 'No' a: {written} }}")[0].layer[0])["a"]
    assert found == value and type(found) is type(value)


def test_what_is_no_number_is_one():
    assert math.isnan(unknown.of(read("layer { type: 'No' a: nan }")[0].layer[0])["a"])


@pytest.mark.parametrize(("content", "said"), [
    ("layer { type: 'No' a: { 5 } }", '1:25: expected the name of a field (found 5)'),
    ("layer { type: 'No' a 5 }", "1:22: expected the name of a field (found 5)"),
    ("layer { type: 'No' a: [1 2] }", '1:26: expected "," or "]" (found 2)'),
    ("layer { type: 'No' a: /b }", "1:23: expected a value of a (found /)"),
    ("layer { type: 'No' a: 'b\\z' }", "1:25: is no escape sequence"),
    ("layer { type: 'No' a { b: 1 > }", "1:29: this closes what is not open"),
    ("layer { type: 'ReLU' a: 1 }", '1:22: unknown field "a" in layer'),
    ("layer { a: 1 }", '1:9: unknown field "a" in layer'),
    ("layer { type: 'No' a: 1 } b: 2", '1:20: unknown field "a" in layer'),
    ("layer { type: 'No' loss_weight: x a: 1 }", "1:33: expected a number"),
    ("layers { type: RELU a: 1 }", '1:21: unknown field "a" in layers'),
    ("layers { type: 'No' a: 1 }", '1:16: unknown layer type \'No\''),
    ("layers { type: RELUU }", "1:16: unknown layer type RELUU"),
    ("layers { layer { type: 'no' a: 1 } }", '1:29: unknown field "a" in layer'),
])  # fmt: skip
def test_what_stays_a_mistake(content, said):
    with pytest.raises(text.PrototxtError) as caught:
        read(content)
    place, words = said.split(" ", 1)
    lines = str(caught.value).splitlines()
    assert any(place.strip(":") in line and words in line for line in lines), lines


def test_the_old_format_has_such_layers_too():
    net, source = read("layers { size: 3 name: 'a' type: NOBODYS size: 4 } layers { type: RELU }")
    assert net.layers[0].unknown_type == "NOBODYS" and net.layers[1].type
    with pytest.raises(text.PrototxtError) as caught:
        source.unknown(())
    assert '  1:34     unknown layer type NOBODYS in "layers". The orig' in str(caught.value)
    from caffepy.core.upgrade import upgrade_net

    upgrade_net(net)
    assert text.to_text(net) == (
        'layer {\n  name: "a"\n  type: "NOBODYS"\n  size: 3\n  size: 4\n}\n'
        'layer {\n  type: "ReLU"\n}\n')


def test_without_the_types_every_unknown_word_is_a_mistake():
    with pytest.raises(text.PrototxtError, match='unknown field "size"'):
        text.parse(NET, caffe_pb2.NetParameter())
