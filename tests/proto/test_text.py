"""Prototxt in and out: the whole grammar, and errors that show what to mend."""

import math

import numpy as np
import pytest
from google.protobuf import text_format
from hypothesis import given
from hypothesis import strategies as st

from caffepy.errors import ConfigError, NotFound
from caffepy.proto import caffe_pb2, text


def net_of(content: str | bytes) -> caffe_pb2.NetParameter:
    net = caffe_pb2.NetParameter()
    text.parse(content, net)
    return net


def error_of(content: str | bytes, message=None) -> str:
    with pytest.raises(text.PrototxtError) as caught:
        text.parse(content, message or caffe_pb2.NetParameter(), name="net.prototxt")
    return str(caught.value)


# what is accepted


@pytest.mark.parametrize(
    "content",
    [
        'name: "n" layer { name: "x" }',
        "name:'n'layer:{name:'x'}",
        'name: "n"; layer < name: "x" >;',
        'name: "n", layer: < name: "x" >,',
        'name: "n" layer: [ { name: "x" } ]',
        '# a comment\nname: "n" # and one more {\nlayer {\n  name: "x"\n}\n#end',
        'name: "n"\r\nlayer {\r\n  name: "x"\r\n}\r\n',
        '\ufeffname: "n" layer { name: "x" }',
        b'\xef\xbb\xbfname: "n" # caf\xe9 \xff\nlayer { name: "x" }',
        '\tname\t:\t"n"\flayer\v{ name: "x" }',
        "name: \"\" 'n' layer { name: '' \"x\" }",
        'name: "\\x6e" layer { name: "\\170" }',
    ],
)
def test_every_spelling_of_one_net(content):
    assert net_of(content) == caffe_pb2.NetParameter(name="n", layer=[{"name": "x"}])


@pytest.mark.parametrize(
    ("written", "value"),
    [("5", 5), ("0", 0), ("0x1F", 31), ("0X1f", 31), ("017", 15), ("-3", -3), ("- 3", -3),
     ("2147483647", 2**31 - 1), ("-2147483648", -(2**31))],
)  # fmt: skip
def test_whole_numbers(written, value):
    assert list(net_of(f"input_dim: {written}").input_dim) == [value]


@pytest.mark.parametrize(
    ("written", "value"),
    [("1", 1), ("1.", 1), (".5", 0.5), ("1.5f", 1.5), ("2F", 2), ("1e-3", 0.001), ("1E+2", 100),
     ("-1.5", -1.5), ("inf", math.inf), ("-Infinity", -math.inf), ("1e50", math.inf)],
)  # fmt: skip
def test_numbers(written, value):
    net = net_of(f"layer {{ loss_weight: {written} }}")
    assert net.layer[0].loss_weight[0] == np.float32(value)


def test_not_a_number():
    assert math.isnan(net_of("layer { loss_weight: nan }").layer[0].loss_weight[0])


@pytest.mark.parametrize("written", ["true", "True", "t", "1"])
def test_true(written):
    assert net_of(f"debug_info: {written}").debug_info


@pytest.mark.parametrize("written", ["false", "False", "f", "0"])
def test_false(written):
    net = net_of(f"debug_info: {written}")
    assert net.HasField("debug_info") and not net.debug_info


def test_lists_of_values():
    layer = net_of('layer { top: ["a" "b", "c"] top: [] loss_weight: [1, -2] top: "d" }').layer[0]
    assert layer.top == ["ab", "c", "d"]
    assert layer.loss_weight == [1, -2]


def test_enums_by_name_and_number():
    pools = net_of("layer { pooling_param { pool: AVE } } layer { pooling_param { pool: 1 } }")
    assert [layer.pooling_param.pool for layer in pools.layer] == [1, 1]


def test_escapes_and_utf8():
    assert net_of(r'name: "\n\t\"\'\\\?\303\244\u00e4ä"').name == "\n\t\"'\\?äää"


def test_required_fields_that_are_there():
    assert net_of("layer { clip_param { min: -1 max: 2 } }").layer[0].clip_param.max == 2


def test_the_message_is_cleared_first():
    net = caffe_pb2.NetParameter(name="old", debug_info=True)
    text.parse('name: "new"', net)
    assert net == caffe_pb2.NetParameter(name="new")


# where layers are


def test_lines_of_layers():
    net = caffe_pb2.NetParameter()
    content = """name: "n"
layer {
  name: "a"
}
layer { name: "b" }
# V1 and V0 blocks
layers { name: "c" type: RELU }
layers {
  layer { name: "d" }
}
layer { name: "a" }
"""
    source = text.parse(content, net, name="net.prototxt")
    assert [source.line_of(name) for name in "abcd"] == [2, 5, 7, 8]
    assert source.lines["a"] == [2, 11]
    assert source.where("b") == "net.prototxt:5"
    assert source.line_of("nope") is None and source.where("nope") == "net.prototxt"


def test_lines_of_layers_inside_a_solver():
    solver = caffe_pb2.SolverParameter()
    source = text.parse('net_param {\n layer { name: "a" } }', solver)
    assert source.line_of("a") == 2


# errors


def test_an_error_reads_like_this():
    content = "layer {\n  convolution_param {\n\tkernal_size: 5\n  }\n}\n"
    assert error_of(content) == (
        'net.prototxt:3:2: unknown field "kernal_size" in convolution_param. '
        "Did you mean kernel_size?\n"
        " kernal_size: 5\n"
        " ^"
    )


@pytest.mark.parametrize(
    ("content", "place", "said"),
    [
        ("layer { kernel_size: 3 }", "1:9", "It belongs in convolution_param or pooling_param."),
        ("layer { lr_mult: 3 }", "1:9", "It belongs in param { lr_mult: 3 }."),
        ("layer { Name: 'x' }", "1:9", "Did you mean name?"),
        ("layer { name: 'x'\nlayer { name: 'y' } }", "2:1", 'Is a "}" missing above?'),
        ("layer { relu_param { bottom: 'x' } }", "1:22",
         "It belongs to the layer itself, outside of relu_param."),
        ("base_lr: 0.1", "1:1", "It belongs to a solver: was another file meant?"),
        ("layer { pooling_param { pool: max } }", "1:31",
         "(found max; allowed: MAX, AVE, STOCHASTIC, AVE_EXC_PAD, AVE_TF). Did you mean MAX?"),
        ("layer { pooling_param { pool: 7 } }", "1:31", "(found 7; allowed: MAX, AVE,"),
        ("layer { type: Convolution }", "1:15", 'Write "Convolution".'),
        ("layer { type: CONVOLUTION }", "1:15", 'CONVOLUTION is one of "layers"'),
        ('layers { type: "Convolution" }', "1:16", 'Types in quotes belong to "layer"'),
        ("layers { type: RELUU }", "1:16",
         'unknown layer type RELUU in "layers". Did you mean RELU?'),
        ("layer { loss_weight: oops }", "1:22", "expected a number (found oops)"),
        ('layer { loss_weight: "1" }', "1:22", 'expected a number (found "1")'),
        ("layer { loss_weight: 0x1 }", "1:22", "expected a number (found 0x1)"),
        ("layer { loss_weight: 1x }", "1:22", '"1x..." is no number'),
        ("layer { loss_weight: 1.2.3 }", "1:22", '"1.2...." is no number'),
        ("layer { loss_weight: }", "1:22", "expected a number (found })"),
        ("input_dim: 1.5", "1:12", "expected a whole number (found 1.5)"),
        ("input_dim: 089", "1:12", "expected a whole number (found 089)"),
        ("input_dim: 2147483648", "1:12", "out of range (found 2147483648; allowed: -2147483648"),
        ("layer { slice_param { axis: 1 slice_dim: -1 } }", "1:42", "(found -1; allowed: 0 to"),
        ("debug_info: yes", "1:13", "expected true or false (found yes)"),
        ("name: n", "1:7", 'Write "n".'),
        ('name: "n', "1:7", "this string does not end on its line"),
        ('name "n"', "1:6", 'expected ":" after name (found "n")'),
        ("name: 'a'\nname: 'b'", "2:1", "name is given twice; the first is on line 1"),
        ("state {}\nstate {}", "2:1", "state is given twice"),
        ("name: ['a']", "1:1", "name is one value, not a list"),
        ("input: ['a' ;]", "1:13", 'expected "," or "]" (found ;)'),
        ("layer: 3", "1:8", 'expected "{" after layer (found 3)'),
        ("layer = {}", "1:7", 'expected "{" after layer (found =)'),
        ("= 3", "1:1", "expected the name of a field (found =)"),
        ("layer { name: 'x'", "1:18", 'the block of layer, begun on line 1, is not closed. Add "}'),
        ("layer { name: 'x' >", "1:19", 'expected "}" (found ">")'),
        ("layer { } }", "1:11", 'nothing is open that this could close (found "}")'),
        ("layer { clip_param { min: 1 } }", "1:9", "clip_param must say max"),
        (b"name: 'caf\xe9'", "1:7", "name is not UTF-8 text"),
        (b"# caf\xe9\n\xe9name: 'x'", "2:1", "the byte 0xE9, which is not UTF-8,"),
        ("net: 'x'", "1:1", "It belongs to a solver"),
    ],
)  # fmt: skip
def test_errors_say_where_and_what(content, place, said):
    message = error_of(content)
    assert message.startswith(f"net.prototxt:{place}: ")
    assert said in message
    first, line, caret = message.split("\n")
    assert caret.strip() == "^" and len(caret) == int(place.split(":")[1])


def test_the_errors_of_a_solver():
    solver = caffe_pb2.SolverParameter()
    assert "1:23: expected a number (found oops)" in error_of(
        "test_iter: 1 base_lr: oops", solver
    ).replace("net.prototxt:", "")
    assert "It belongs to a net" in error_of("layer {}", solver)
    assert "Did you mean lr_policy?" in error_of("lr_polcy: 'inv'", solver)


def test_long_lines_are_shown_around_the_token():
    message = error_of("layer { name: 'x' " + " " * 500 + "oops: 1 }")
    _, line, caret = message.split("\n")
    assert len(line) <= 100 and line[caret.index("^") :].startswith("oops")


@pytest.mark.parametrize("content", ["layer {" * 5000, "a {" * 5000, "name: [[[[", "<" * 9999])
def test_deep_nesting_is_an_error_like_any_other(content):
    assert error_of(content).startswith("net.prototxt:1:")


# files


def test_files(tmp_path):
    path = tmp_path / "net.prototxt"
    path.write_bytes(b'# caf\xe9\r\nlayer {\r\n name: "x" }\r\n')
    net = caffe_pb2.NetParameter()
    source = text.read(path, net)
    assert net.layer[0].name == "x" and source.where("x") == f"{path}:2"


def test_files_that_are_no_prototxt(tmp_path):
    net = caffe_pb2.NetParameter(name="LeNet", layer=[{"name": "x", "type": "ReLU"}])
    cases = {
        b"": "the file is empty",
        b" \n\t\n": "the file is empty",
        net.SerializeToString(): "this is a caffemodel file, not a prototxt",
        b"\x89HDF\r\n\x1a\n" + bytes(20): "this is a hdf5 file, not a prototxt",
        bytes(range(40)): "this is a binary file, not a prototxt",
    }
    path = tmp_path / "net.prototxt"
    for content, said in cases.items():
        path.write_bytes(content)
        with pytest.raises(ConfigError) as error:
            text.read(path, caffe_pb2.NetParameter())
        assert str(error.value).startswith(f"{path}: {said}")


def test_missing_files_and_folders(tmp_path):
    with pytest.raises(NotFound, match="File not found: .*nope.prototxt"):
        text.read(tmp_path / "nope.prototxt", caffe_pb2.NetParameter())
    with pytest.raises(ConfigError, match="this is a folder, not a file"):
        text.read(tmp_path, caffe_pb2.NetParameter())


# printing


def test_messages_print_as_the_original_prints_them():
    """Taken from the recorded training log, and what it does not show."""
    solver = caffe_pb2.SolverParameter(
        test_iter=[100], base_lr=0.01, lr_policy="inv", gamma=0.0001, power=0.75, momentum=0.9,
        weight_decay=0.0005, solver_mode="CPU", random_seed=1, net="a \"b\"\n\\ä'",
        train_state={"level": 0, "stage": [""]}, delta=1e-8, clip_gradients=1e6, debug_info=False,
    )  # fmt: skip
    assert text.to_text(solver) == (
        'test_iter: 100\nbase_lr: 0.01\nlr_policy: "inv"\ngamma: 0.0001\npower: 0.75\n'
        "momentum: 0.9\nweight_decay: 0.0005\nsolver_mode: CPU\nrandom_seed: 1\n"
        "debug_info: false\n"
        'net: "a \\"b\\"\\n\\\\\\303\\244\\\'"\n'
        'train_state {\n  level: 0\n  stage: ""\n}\n'
        "delta: 1e-08\nclip_gradients: 1e+06\n"
    )


@pytest.mark.parametrize(
    ("value", "shown"),
    [(1, "1"), (0.00390625, "0.00390625"), (1e-5, "1e-05"), (0.1, "0.1"), (1 / 3, "0.33333334"),
     (123456, "123456"), (16777216, "16777216"), (math.inf, "inf"), (-math.inf, "-inf"),
     (math.nan, "nan"), (-2.5, "-2.5"), (100, "100"), (3.4028235e38, "3.4028235e+38")],
)  # fmt: skip
def test_floats_print_short(value, shown):
    layer = caffe_pb2.LayerParameter(loss_weight=[value])
    assert text.to_text(layer) == f"loss_weight: {shown}\n"


def test_doubles_and_empty_messages():
    blob = caffe_pb2.BlobProto(double_data=[0.1, 1 / 3], shape={})
    expected = "shape {\n}\ndouble_data: 0.1\ndouble_data: 0.33333333333333331\n"
    assert text.to_text(blob) == expected


@given(st.floats(width=32, allow_nan=False))
def test_printed_floats_read_back(value):
    layer = caffe_pb2.LayerParameter(loss_weight=[value])
    back = caffe_pb2.LayerParameter()
    text.parse(text.to_text(layer), back)
    assert back == layer


@given(st.text())
def test_printed_strings_read_back(value):
    try:
        net = caffe_pb2.NetParameter(name=value)
    except ValueError:  # half a surrogate pair is no text
        return
    assert net_of(text.to_text(net)) == net
    theirs = caffe_pb2.NetParameter()
    text_format.Parse(text.to_text(net), theirs)
    assert theirs == net


SOUP = st.lists(
    st.sampled_from(
        ["layer", "name", "{", "}", "<", ">", ":", "[", "]", ",", '"x"', "'", "1", "-", "0x", "\n",
         "pool", "pooling_param", "MAX", "#", "\\", "1e5", "\0", "é"]
    ),
    max_size=30,
)  # fmt: skip


@given(SOUP)
def test_any_soup_of_tokens_parses_or_raises_our_error(tokens):
    try:
        net_of(" ".join(tokens))
    except text.PrototxtError as error:
        assert str(error).startswith("<string>:")
