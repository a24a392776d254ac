"""Random settings of all layer types, as the fuzzer draws them, each against the net itself."""

from __future__ import annotations

import numpy as np
import pytest
from fuzz import cases
from fuzz.draw import Draw
from fuzz.layers import makers
from onnx_nets import built, line, need_onnx, reason, same

from caffepy.core import registry

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
