"""What every layer type declares is held against the schema, its docstring and its test file."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest

from caffepy.core import registry
from caffepy.core.layer import Layer, count_range
from caffepy.proto import caffe_pb2

HERE = Path(__file__).parent
V1_TYPES = {name: number for name, number in caffe_pb2.V1LayerParameter.LayerType.items()
            if name != "NONE"}
OF_FORKS = 50000  # numbers from here on are not the original's

each_entry = pytest.mark.parametrize("entry", registry.entries(), ids=lambda entry: entry.type)


def docstring(entry):
    return sys.modules[entry.cls.__module__].__doc__


def section(entry, title):
    """The text of the docstring's part that begins with ``title``, or None."""
    found = re.search(rf"^{title:7} (.*(?:\n {{8}}.*)*)", docstring(entry), re.MULTILINE)
    return found and found.group(1)


@each_entry
def test_it_has_a_test_file(entry):
    family, module = entry.cls.__module__.split(".")[-2:]
    path = HERE / family / f"test_{module}.py"
    assert path.exists()
    assert f'"{entry.type}"' in path.read_text(), "the test does not build it from prototxt"


@each_entry
def test_its_docstring_tells_what_comes_in_and_out(entry):
    assert docstring(entry).startswith(entry.type)
    assert section(entry, "bottom")
    assert section(entry, "top")
    if entry.param:
        assert entry.param in section(entry, "param")


@each_entry
def test_its_docstring_says_whether_it_works_in_place(entry):
    if entry.type != "Python":  # its class, which somebody else writes, says so
        assert ("in place" in section(entry, "top")) == entry.cls.inplace


@each_entry
def test_its_old_names_are_in_the_schema_and_the_docstring(entry):
    told = section(entry, "V1")
    expected = entry.v1 and entry.v1 + (f' (V0 "{entry.v0}")' if entry.v0 else "")
    assert told == expected
    assert entry.v1 is None or entry.v1 in V1_TYPES


@each_entry
def test_its_parameters_are_in_the_schema(entry):
    fields = caffe_pb2.LayerParameter.DESCRIPTOR.fields_by_name
    assert entry.param is None or fields[entry.param].message_type is not None


@each_entry
def test_its_declarations_hold_together(entry):
    cls = entry.cls
    least, most = count_range(cls.bottoms)
    least_tops, most_tops = count_range(cls.tops, least)
    assert most is None or most >= least
    assert most_tops is None or most_tops >= least_tops
    assert set(cls.keeps) <= {"bottom", "top", "sign", "labels"}
    assert most is None or all(label < most for label in cls.labels)
    assert cls.data <= (least == 0)
    assert not cls.inplace or (most != 0 and most_tops != 0)


@pytest.mark.parametrize("type", ["AbsVal", "Flatten", "Reshape", "Split"])
def test_what_the_original_forbids_in_place(type):
    assert not registry.get(type).cls.inplace


@pytest.mark.parametrize("type", ["Accuracy", "ArgMax", "Threshold"])
def test_what_has_no_gradient(type):
    assert registry.get(type).cls.backward is Layer.backward


def test_each_old_name_means_one_type():
    v1 = [entry.v1 for entry in registry.entries() if entry.v1]
    assert len(v1) == len(set(v1))
    own = {name for name, number in V1_TYPES.items() if number < OF_FORKS}
    assert own <= set(v1) <= set(V1_TYPES)
    v0 = [entry.v0 for entry in registry.entries() if entry.v0]
    assert len(v0) == len(set(v0))


def test_each_parameter_message_belongs_to_a_type():
    shared = {"transform_param", "loss_param"}
    fields = {field.name: field.number for field in caffe_pb2.LayerParameter.DESCRIPTOR.fields
              if field.name.endswith("_param")}
    own = {name for name, number in fields.items() if number < OF_FORKS}
    used = {entry.param for entry in registry.entries() if entry.param}
    assert own - shared <= used <= set(fields)
