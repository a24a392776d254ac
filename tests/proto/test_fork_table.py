"""The tables of words that caffepy does not know: none of them may be known, no cure be wrong."""

import re

import pytest

from caffepy.core import registry
from caffepy.proto import caffe_pb2, fork_table, fork_words, forks, hints, other_words

MESSAGES = {
    name: message for name, message in vars(caffe_pb2).items() if hasattr(message, "DESCRIPTOR")
    and hasattr(message.DESCRIPTOR, "fields_by_name")
}
TYPES = registry.types()
NAMES = registry.names()
V1 = caffe_pb2.V1LayerParameter.LayerType.keys()


def fields_of(name: str) -> list:
    """The fields that a name of the table could be."""
    message, _, field = name.partition("=")[0].partition(".")
    kinds = MESSAGES.values() if message == "*" else [MESSAGES[message]]
    return [kind.DESCRIPTOR.fields_by_name[field] for kind in kinds
            if field in kind.DESCRIPTOR.fields_by_name]


@pytest.mark.parametrize("name", forks.table())
def test_a_word_that_is_known_is_no_word_of_forks(name):
    if name.startswith("V1:"):
        assert name[3:] not in V1
    elif "=" in name:
        known = fields_of(name)
        assert known, "the field itself is unknown"
        value = name.partition("=")[2]
        assert not any(value in field.enum_type.values_by_name for field in known)
    elif "." in name:
        assert not fields_of(name)
    else:
        assert name not in NAMES.params


@pytest.mark.parametrize("name", forks.table())
def test_a_word_of_forks_is_never_taken_for_a_slip(name):
    if name.startswith("V1:"):
        said = hints.v1_type(name[3:], NAMES)
    elif "." not in name:
        said = hints.layer_type(name, NAMES)
    else:
        return
    assert "Did you mean" not in said
    assert forks.find(name).forks[0] in said


def test_cures_and_forks_are_used():
    known = {name for name in fork_table.CURES if "." in name and any(
        field.number >= fork_words.FIRST for field in fields_of(name) if "=" not in name)}
    values = {name for name in fork_table.CURES if "=" in name
              and name.partition("=")[2] in fields_of(name)[0].enum_type.values_by_name}
    assert set(fork_table.CURES) <= {*forks.table(), *known, *values}
    assert {"ConvolutionParameter.relu", "BatchNormParameter.filler"} <= known
    of_types = {entry.dialect for entry in registry.entries()}
    assert set(fork_table.WORDS) <= set(fork_table.FORKS) <= {*fork_table.WORDS, *of_types}
    assert all(cure.endswith(".") for cure in fork_table.CURES.values())


def test_types_named_in_cures_exist():
    cures = [*fork_table.CURES.values(), *other_words.TYPES,
             *(cure for words in other_words.FIELDS.values() for cure in words.values())]
    named = {type for cure in cures for type in re.findall(r'type: "(\w+)"', cure)}
    assert {"BatchNorm", "Scale", "Convolution3D", "ReLU"} <= named
    assert named <= {*TYPES, "Nesterov", "Adam", "constant"}


@pytest.mark.parametrize("message", other_words.FIELDS)
def test_words_of_others_are_not_known_and_their_cures_are(message):
    known = MESSAGES[message].DESCRIPTOR.fields_by_name
    plain = {other_words.plain(name) for name in known}
    for word, cure in other_words.FIELDS[message].items():
        assert other_words.plain(word) not in plain, word
        assert (" " in cure and cure.endswith(".")) or cure in known, (word, cure)


def test_types_of_others_are_not_known_and_their_cures_are():
    plain = {other_words.plain(type) for type in TYPES}
    for cure, words in other_words.TYPES.items():
        assert " " in cure or cure in TYPES
        assert not plain & {other_words.plain(word) for word in words.split()}
        assert not [word for word in words.split() if forks.find(word)]


def test_values_of_others_are_not_known_and_their_cures_are():
    enums = {field.enum_type.name: field.enum_type for message in MESSAGES.values()
             for field in message.DESCRIPTOR.fields if field.enum_type is not None}
    fillers = {"constant", "uniform", "gaussian", "xavier", "msra", "bilinear"}
    for name, words in other_words.VALUES.items():
        known = fillers if name == "filler" else set(enums[name].values_by_name)
        for word, cure in words.items():
            assert word not in known and (" " in cure or cure in known), (name, word)


def test_owners_in_few_words():
    assert forks.find("CPMData").owner == "the pose machines' fork (shihenw/caffe)"
    assert " and " in forks.find("DetectionLoss").owner
    assert forks.Word("Some", ("one", "two", "three")).owner == "one, two and others"
    assert forks.find("V1LayerParameter.bn_param") is forks.find("LayerParameter.bn_param")
    assert forks.find("ReLU") is None and forks.find("LayerParameter.relu_param") is None
