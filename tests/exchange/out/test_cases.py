"""Every recorded layer case that ONNX can say gives the same numbers in onnxruntime."""

from __future__ import annotations

import re

import numpy as np
import pages
import pytest
from onnx_nets import CASES, equal, need_onnx, recorded, same

from caffepy.core import registry
from caffepy.errors import ConfigError
from caffepy.exchange.out import reasons, table

PAGE = pages.DOCS / "convert.md"


@pytest.fixture(autouse=True)
def packages():
    need_onnx()


def refusal(net) -> str | None:
    """What export says of a net that has no place in ONNX; None if it has."""
    from caffepy.exchange.files import Options
    from caffepy.exchange.out.exporter import export

    try:
        export(net, Options())
    except ConfigError as error:
        return error.more
    return None


@pytest.mark.parametrize("name", CASES)
def test_case(name):
    net, bottoms, tops = recorded(name)
    if said := refusal(net):
        refused = [re.search(r"\((\w+)\): (.+)", line).groups() for line in said.splitlines()]
        expected = REFUSED.get(name)
        for type, reason in refused:
            entry = next(node for node in net.nodes if node.layer.type == type).layer.spec
            assert reason == (expected or reasons.of(registry.of(entry)))
        return
    made = same(net, feed=bottoms)
    for blob, values in tops.items():  # as recorded, too
        if blob in made.outputs:
            equal(np.array(net.blobs[blob].data), values, f"{name}, {blob}")


# cases whose settings have no place in ONNX, though their types have
REFUSED = {"forks/detout_eta": "nms_param.eta: NonMaxSuppression has one threshold for all"}


def counts() -> dict[str, int]:
    found = {"exported": 0, "a loss": 0, "scores and training": 0, "settings": 0}
    for name in CASES:
        net, *_ = recorded(name)
        said = refusal(net)
        if not said:
            found["exported"] += 1
        elif name in REFUSED:
            found["settings"] += 1
        elif reasons.LOSS in said:
            found["a loss"] += 1
        else:
            found["scores and training"] += 1
    return found


def test_the_page_counts_the_cases():
    rows = dict(re.findall(r"^\| ([a-z ]+) \| (\d+) \|", pages.read(PAGE), re.MULTILINE))
    assert {name: int(rows[name]) for name in counts()} == counts()


def test_the_page_lists_all_types_without_a_rule():
    listed = {}
    for line in re.findall(r"^- (.+?): ((?:`\w+`(?:, )?)+)$", pages.read(PAGE), re.MULTILINE):
        for type in re.findall(r"`(\w+)`", line[1]):
            listed[type] = line[0]
    expected = {entry.type: reasons.of(entry) for entry in registry.entries()
                if not entry.cls.data and not entry.cls.foreign and not table.has(entry)}
    assert listed == expected


def test_rules_are_of_types_that_there_are():
    assert table.types() <= {entry.type for entry in registry.entries()}
