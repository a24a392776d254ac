"""Words of forks: every field and value goes to text and to the wire and comes back."""

import re
from pathlib import Path

import numpy as np
import pytest
from google.protobuf.descriptor import Descriptor, FieldDescriptor

from caffepy.proto import caffe_pb2, fork_words, text
from caffepy.proto.descriptors import is_repeated
from caffepy.proto.forkwire import INSIDE, NUMBERS

HERE = Path(__file__).parent
CASES = HERE.parent / "reference" / "forks"
MESSAGES = caffe_pb2.DESCRIPTOR.message_types_by_name
LAYER = MESSAGES["LayerParameter"].fields_by_name
DEEPEST = 3


def value_of(field: FieldDescriptor):
    if field.enum_type is not None:
        return field.enum_type.values[-1].number
    if field.cpp_type == FieldDescriptor.CPPTYPE_STRING:
        return b"a/b c" if field.type == FieldDescriptor.TYPE_BYTES else "a/b c"
    if field.cpp_type == FieldDescriptor.CPPTYPE_BOOL:
        return not field.default_value
    return 7 if field.cpp_type not in (FieldDescriptor.CPPTYPE_FLOAT,) else 0.5


def fill(message, depth: int = 0) -> None:
    """Set every field, messages down to some depth; all values of single ones are tested below."""
    for field in message.DESCRIPTOR.fields:
        if field.name.endswith("_all") or field.name == "unknown_word":  # printed as what they say
            continue
        if field.message_type is None:
            if is_repeated(field):
                getattr(message, field.name).extend([value_of(field)] * 2)
            else:
                setattr(message, field.name, value_of(field))
        elif depth < DEEPEST and field.message_type.name not in ("BlobProto", "NetParameter"):
            inner = getattr(message, field.name)
            fill(inner.add() if is_repeated(field) else inner, depth + 1)


def own_part(message: Descriptor) -> bool:
    return any(field.number >= fork_words.FIRST for field in message.fields)


FORKS = sorted(name for name, message in MESSAGES.items()
               if own_part(message) or fork_words.comments()[name].partition(":")[2])


def test_the_list_has_the_forks_messages():
    assert {"PermuteParameter", "BNParameter", "TransformationParameter"} <= set(FORKS)
    assert len(FORKS) > 200


@pytest.mark.parametrize("name", FORKS)
def test_every_field_comes_back_from_text_and_from_the_wire(name):
    message = getattr(caffe_pb2, name)()
    fill(message, 2 if name in ("LayerParameter", "V1LayerParameter", "SolverParameter") else 0)
    written = text.to_text(message)
    for field in message.DESCRIPTOR.fields:
        if field.message_type is None and not field.name.endswith("_all"):
            assert re.search(rf"^{field.name}: ", written, re.MULTILINE)
    back = type(message)()
    text.parse(written, back)
    assert back == message
    assert type(message).FromString(message.SerializeToString()) == message


def listed_words() -> list[tuple[str, str]]:
    lines = (HERE / "fork_words.txt").read_text().splitlines()
    return [(line.partition(": ")[0], word) for line in lines if line and line[0] != "#"
            for word in line.partition(": ")[2].split()]


def test_what_public_nets_use_is_in_the_schema():
    words = listed_words()
    assert len(words) > 300
    for message, word in words:
        if message == "V1":
            assert word in caffe_pb2.V1LayerParameter.LayerType.keys()  # noqa: SIM118
            continue
        name, _, value = word.partition("=")
        field = MESSAGES[message].fields_by_name[name]
        assert not value or value in field.enum_type.values_by_name, word


@pytest.mark.parametrize("path", sorted(CASES.rglob("*.npz")), ids=lambda path: path.stem)
def test_recorded_nets_of_forks_parse(path):
    with np.load(path) as case:
        nets = [key for key in case.files if key.rsplit("/", 1)[-1] in ("prototxt", "solver")]
        for key in nets:
            kind = caffe_pb2.SolverParameter if key == "solver" else caffe_pb2.NetParameter
            message, back = kind(), kind()
            text.parse(str(case[key]), message, name=key)
            assert message.ListFields()
            text.parse(text.to_text(message), back)
            assert back == message
    assert nets or path.stem == "annotated_data"


FACT = re.compile(r"(\w+)(?: repeated)?(?: \w+)?=(\d+)")


def facts() -> list[tuple[str, str, int]]:
    """(field of LayerParameter, name, number) as the page of facts on forks tells them."""
    found = []
    for line in (CASES / "README.md").read_text().splitlines():
        for match in re.finditer(r"(\w+_param)(?: \([^)]*\))?: ((?:[^.]|\.\d)*)\.", line):
            name = match[1]
            if name in LAYER and LAYER[name].number >= fork_words.FIRST:
                flat = re.sub(r"\{[^}]*\}", "", match[2])
                found += [(name, field, int(number)) for field, number in FACT.findall(flat)]
    return found


def test_numbers_inside_are_the_forks_or_are_translated():
    """A message's own number is one that some fork gives the field, unless forkwire turns it."""
    known = facts()
    assert len(known) > 150
    for holder, name, number in known:
        fields = LAYER[holder].message_type.fields_by_name
        if name not in fields:  # the page tells there what another message gains
            assert (holder, name) in {("batch_reduction_param", "gains"),
                                      ("batch_reduction_param", "k")}, (holder, name)
            continue
        turned = [INSIDE.get((holder, outer), {}).get(number) for outer in NUMBERS.get(holder, ())]
        assert fields[name].number == number or fields[name].number in turned, (holder, name)


def test_words_in_a_message_with_their_paths():
    layer = caffe_pb2.LayerParameter()
    text.parse(
        'convolution_param { hole: 2 weight_filler { type: "msra" scale: 2 } engine: MKLDNN }'
        "loss_param { normalization: PRE_FIXED } engine: 'MKL2017'", layer)
    assert sorted(word.path for word in fork_words.given(layer)) == [
        "convolution_param.engine=MKLDNN", "convolution_param.hole",
        "convolution_param.weight_filler.scale", "engine", "loss_param.normalization=PRE_FIXED",
    ]
    skip = ("convolution_param", "loss_param")
    assert [word.path for word in fork_words.given(layer, skip=skip)] == ["engine"]
    whose = {word.name: word.whose for word in fork_words.given(layer)}
    assert whose["hole"].startswith("DeepLab v1: dilation")
    assert whose["PRE_FIXED"].startswith("R-FCN, Intel: ")
    assert whose["scale"].startswith("Intel: ")


def test_a_single_field_given_several_times_keeps_all_values():
    solver = caffe_pb2.SolverParameter()
    text.parse("device_id: [2, 0, 1] max_iter: 5", solver)
    assert solver.device_id == 2 and list(solver.device_id_all) == [2, 0, 1]
    assert text.to_text(solver) == "max_iter: 5\ndevice_id: 2\ndevice_id: 0\ndevice_id: 1\n"
    text.parse("device_id: 3", solver)
    assert solver.device_id == 3 and not solver.device_id_all
    text.parse("device_id: [3]", solver)
    assert solver.device_id == 3 and not solver.device_id_all
    layer = caffe_pb2.LayerParameter()
    text.parse("pooling_param { kernel_size: 2 kernel_size: 3 stride: 1 }", layer)
    assert layer.pooling_param.kernel_size == 2
    assert list(layer.pooling_param.kernel_size_all) == [2, 3]
    for twice in ("max_iter: 5 max_iter: 6", "max_iter: [5]"):
        with pytest.raises(text.PrototxtError, match="max_iter is "):
            text.parse(twice, solver)


def test_a_word_for_paths_elsewhere_may_be_a_number_in_a_fork():
    layer = caffe_pb2.LayerParameter()
    text.parse("doc_data_param { weights: 1 weights: 2.5 }", layer)
    assert list(layer.doc_data_param.weights) == [1, 2.5]


def test_steps_of_document_images():
    layer = caffe_pb2.LayerParameter()
    text.parse("image_transform_param { rng_seed: 3 params { resize_params { size: 100 size: 120 "
               "interpolation: INTER_CUBIC } } params { shear_params { max_shear_angle: 5 } "
               "shear_prob_weights: 0.5 gauss_blur_params { max_sigma: 1.5 } "
               "gauss_blur_prob_weights: 0.5 } }", layer)
    first, second = layer.image_transform_param.params
    assert list(first.resize_params[0].size) == [100, 120]
    assert list(second.gauss_blur_prob_weights) == [0.5]
