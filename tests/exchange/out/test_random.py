"""Random settings of all layer types, as the fuzzer draws them, each against the net itself."""

from __future__ import annotations

import numpy as np
import pytest
from fuzz import cases
from fuzz.draw import Draw
from fuzz.layers import makers
from onnx_nets import built, line, need_onnx, reason, same

from caffepy.core import registry
from caffepy.exchange import checking
from caffepy.exchange.files import Options
from caffepy.exchange.out import openness
from caffepy.exchange.out.exporter import export

cases.families()  # loads the files that have them
NAMES = [name for name, (type, _) in sorted(makers.items()) if not registry.get(type).cls.loss]
SEEDS = (11, 12, 13)
KINDS = ("normal", "small", "whole")


@pytest.mark.parametrize("name", NAMES)
def test_random_settings(name):
    need_onnx()
    for seed, kind in zip(SEEDS, KINDS, strict=True):
        draw = Draw(seed)
        draw.kind = kind
        type, maker = makers[name][0], makers[name][1]
        made = maker(draw)
        shapes = [bottom.shape for bottom in made.bottoms]
        body = f'type: "{type}" {made.body}'
        net = built(line(body, *shapes, tops=made.tops), seed)
        if reason(net):
            pytest.skip(f"no place in ONNX: {reason(net)}")
        feed = {f"in{i}": np.asarray(bottom.values(draw, bottom.shape), np.float32)
                for i, bottom in enumerate(made.bottoms)}
        same(net, feed=feed)
    if all(bottom.kind is None for bottom in made.bottoms):
        open_sizes(net)


def open_sizes(net):
    """What is left open gives the same with another batch, and with another size."""
    made = export(net, Options(dynamic=True))
    shapes = {value.name: net.blobs[value.name].shape for value in made.model.graph.input}
    for what in made.open.changed:
        with openness.other(net, shapes, what):
            checking.against_onnx(net, made.model, outputs=made.outputs, steps=made.steps,
                                  every=True)
