"""docs/layers.md and the table behind it, made from the registry."""

import re
from pathlib import Path

import pytest

from caffepy.core import registry
from caffepy.core.layer import Layer
from caffepy.kernels.operations.relu import ReLUSpec
from caffepy.proto import caffe_pb2
from caffepy.services import layer_table

EVERY = "onednn, cuda, reference"
PAGE = Path(__file__).parent.parent / "docs" / "layers.md"


def row_of(type):
    return next(row for row in layer_table.rows() if row.type == type)


def test_the_page_is_current():
    assert PAGE.read_text() == layer_table.markdown(), (
        "run: caffepy layers -markdown > docs/layers.md")


def test_the_page_has_each_type_of_each_dialect_once():
    table, _, _ = PAGE.read_text().partition("## Types of one name")
    types = re.findall(r"^\| (\w+) \|", table, re.MULTILINE)
    assert types[0] == "type"
    assert types[1:] == [entry.type for entry in registry.entries()], "forks' of one name are two"
    assert sorted(set(types[1:])) == registry.types()


def test_types_of_one_name_say_what_tells_them_apart():
    fields = {name for kind in caffe_pb2.DESCRIPTOR.message_types_by_name.values()
              for name in kind.fields_by_name}
    several = registry.namesakes()
    assert {"BN", "Normalize", "Upsample", "L1Loss"} <= set(several)
    for name, every in several.items():
        assert len({entry.dialect for entry in every}) == len(every)
        for entry in every[:-1]:
            rule = entry.cls.known_by
            assert rule and set(re.findall(r"\w+_\w+", rule)) <= fields, name
            assert f"| {name} | {entry.dialect} | {rule} |\n" in PAGE.read_text()
        assert not every[-1].cls.known_by, "it is meant where no other is"
        assert f"| {name} | {every[-1].dialect} | all others |\n" in PAGE.read_text()
    assert layer_table.told_apart("Normalize").splitlines() == [
        "Normalize from happynear: a normalize_param, or two tops",
        "Normalize from ssd: all others"]
    assert layer_table.told_apart("ReLU") == ""


def test_the_page_says_whose_each_fork_is():
    for dialect in {entry.dialect for entry in registry.entries()}:
        assert re.search(rf"^\| {dialect} \| .+ \|$", PAGE.read_text(), re.MULTILINE), dialect


@pytest.mark.parametrize("type, expected", [
    ("ReLU", ("RELU", "relu", "relu_param", "1", "1", "yes", "-", EVERY)),
    ("Convolution", ("CONVOLUTION", "conv", "convolution_param", "1+", "= bottoms", "-",
                     "weights, bias", EVERY)),
    ("SoftmaxWithLoss", ("SOFTMAX_LOSS", "softmax_loss", "softmax_param", "2-3", "1-2 auto", "-",
                         "-", EVERY)),
    ("AbsVal", ("ABSVAL", "-", "-", "1", "1", "-", "-", "arrays")),
    ("SPP", ("-", "-", "spp_param", "1", "1", "-", "-", EVERY)),  # of poolings
    ("Concat", ("CONCAT", "concat", "concat_param", "1+", "1", "-", "-", EVERY)),
])
def test_rows(type, expected):
    row = row_of(type)
    assert (row.v1, row.v0, row.parameters, row.bottoms, row.tops, row.in_place, row.learns,
            row.kernels) == expected


def test_a_plugin_is_listed_but_not_on_the_page(monkeypatch):
    class Extra(Layer):
        """Twice x."""

        plans = (ReLUSpec,)

    Extra.__module__ = __name__
    monkeypatch.setattr(registry, "_entries", dict(registry._entries))
    registry.register("Extra", param=None)(Extra)
    assert row_of("Extra").kernels == EVERY, "by the spec it says it plans"
    assert "Extra" not in layer_table.markdown()


def test_the_terminals_table_is_cut_at_its_width():
    rows = layer_table.rows()
    lines = layer_table.table(rows).splitlines()
    assert len(lines) == len(rows) + 1 and lines[0].split()[:2] == ["type", "from"]
    column = lines[0].index("bottoms")
    assert {line[column - 2 : column] for line in lines} == {"  "}, "columns line up"
    assert max(map(len, layer_table.table(rows, 60).splitlines())) == 60


def test_what_a_cell_may_not_contain_is_escaped():
    row = next(line for line in layer_table.markdown().splitlines() if line.startswith("| AbsVal "))
    assert row.endswith(r"| y = \|x\| |")
