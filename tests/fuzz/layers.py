"""One layer in a small net, by type: what comes before and behind it, and the passes it makes.

    @layer("Tile")
    def tile(draw: Draw) -> Made:
        return Made(f"tile_param {{ tiles: {draw.integer(1, 4)} }}", [Bottom(draw.shape())])

The rest follows from what the class declares: a top may be the bottom, labels have no gradient, a
loss begins its own. The net runs forward and backward in TRAIN or TEST, some passes adding up the
gradients of parameters, with another batch in between, and is built with ``optimize`` or without.
Bottoms come out of layers that write channels-last or in C order, or out of a Split; what reads the
tops hands back gradients in one order or the other.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np

from caffepy.core import registry
from caffepy.core.layer import count_range
from caffepy.services.layer_table import engines_of
from caffepy.testing import parse
from fuzz.cases import Case, family
from fuzz.draw import Draw, Shape
from fuzz.playing import Pass, play_net

FILLER = '{ type: "gaussian" std: 0.5 }'


@dataclass
class Bottom:
    """A blob that a layer reads.

    Attributes:
        kind: of its numbers (see Draw.numbers), None for the case's own; "labels" and "binary" are
            from 0 to ``most``; "probabilities" add up to 1 along axis 1. Or a function that makes
            them, of the draw and the shape.
        batch: which axis is the batch's, or None if there is none.
        least: batch.
    """

    shape: Shape
    kind: str | Callable[[Draw, Shape], np.ndarray] | None = None
    most: int = 1
    batch: int | None = 0
    least: int = 1

    def values(self, draw: Draw, shape: Shape) -> np.ndarray:
        if callable(self.kind):
            return self.kind(draw, shape)
        if self.kind == "labels":
            return draw.rng.integers(0, self.most + 1, shape).astype(np.float32)
        if self.kind == "probabilities":
            values = draw.numbers(shape, "positive")
            return values / values.sum(axis=min(1, len(shape) - 1), keepdims=True)
        return draw.numbers(shape, self.kind)

    def of_batch(self, n: int) -> Shape:
        if self.batch is None:
            return self.shape
        return (*self.shape[: self.batch], max(n, self.least), *self.shape[self.batch + 1 :])


@dataclass
class Made:
    """What a maker says of one layer.

    Attributes:
        body: prototxt of its settings.
        params: words for the first and further ``param { }`` blocks, one for each parameter.
        terms: see Case.
        apart: its numbers must come from the input as they are, since neighbours would change them.
        open: whether its tops are what goes on from here: then other layers may read them.
    """

    body: str
    bottoms: Sequence[Bottom]
    tops: int = 1
    terms: int = 100
    apart: bool = False
    open: bool = True
    phases: Sequence[str] = ("TRAIN", "TRAIN", "TEST")
    knobs: Sequence[tuple] = field(default=())


Maker = Callable[[Draw], Made]
types: set[str] = set()  # those that have a maker
makers: dict[str, tuple[str, Maker]] = {}  # by name of the family: the type, and the maker


def layer(type: str, name: str | None = None) -> Callable[[Maker], Maker]:
    """Registers the maker of a layer type; ``name`` sets further ones of a type apart."""

    def enter(maker: Maker) -> Maker:
        types.add(type)
        makers[name or f"{type} layer"] = type, maker
        plain = engines_of(registry.get(type).cls)[:1] != ["onednn"]

        @family(name or f"{type} layer", seldom=plain)
        def case(draw: Draw) -> Case:
            return _case(draw, type, maker(draw))

        return maker

    return enter


def _case(draw: Draw, type: str, made: Made) -> Case:
    # forks may have several types of one name
    cls = registry.of(parse(f'type: "{type}" {made.body}' + ' top: "y"' * made.tops)).cls
    optimize = draw.chance(0.3)
    phase = draw.pick(made.phases)
    n = made.bottoms[0].shape[made.bottoms[0].batch] if made.bottoms and (
        made.bottoms[0].batch is not None) else 1
    batches = [n, n, draw.integer(1, 5), n][: draw.integer(1, 4)]
    passes = [Pass(
        {f"in{i}": bottom.values(draw, bottom.of_batch(batch))
         for i, bottom in enumerate(made.bottoms)},
        clear=draw.chance(), views=draw.chance(0.3), seed=draw.seed(), whole=draw.chance(0.3))
        for batch in batches]
    backward = phase == "TRAIN" or (draw.chance(0.3) and not optimize)
    lines = [f'layer {{ name: "in{i}" type: "Input" top: "in{i}" input_param {{ shape {{ '
             + " ".join(f"dim: {d}" for d in bottom.shape) + " } } }"
             for i, bottom in enumerate(made.bottoms)]
    names = []
    for i, bottom in enumerate(made.bottoms):
        plain = made.apart or i in cls.labels or bottom.kind is not None
        names.append(f"in{i}" if plain else before(draw, lines, f"in{i}", bottom.shape))
    tops = [f"top{i}" for i in range(made.tops)]
    if cls.inplace and draw.chance(0.4) and names.count(names[0]) == 1 and not any(
            f'bottom: "{names[0]}"' in line for line in lines):
        tops[0] = names[0]
    words = ""
    if len(names) == 2 and not cls.labels and draw.chance(0.15):
        words = "propagate_down: true propagate_down: false"
    # BatchNorm's have lr_mult 0 anyway, ChannelScale has none where it is given its scale
    learns = cls.learns and type not in ("BatchNorm", "ChannelScale")
    if learns and len(names) == count_range(cls.bottoms)[0] and draw.chance(0.1):
        words += " param { lr_mult: 0 }"
    lines.append(f'layer {{ name: "it" type: "{type}" '
                 + " ".join(f'bottom: "{b}"' for b in names) + " "
                 + " ".join(f'top: "{t}"' for t in tops) + f" {words} {made.body} }}")
    if made.open and not cls.loss:
        for top in tops:
            behind(draw, lines, top)
    prototxt = "force_backward: true\n" * backward + "\n".join(lines)
    return Case(
        f"phase {phase}, optimize {optimize}, batches {batches}\n{prototxt}",
        play_net(prototxt, phase, passes, backward, optimize), terms=made.terms, knobs=made.knobs)


def before(draw: Draw, lines: list[str], name: str, shape: Shape) -> str:
    """Something between an input and the layer; the name of what the layer reads."""
    ways = ["", "", "power", "relu", "split"] + ["conv", "conv", "pool"] * (len(shape) == 4)
    way = draw.pick(ways)
    made = f"{name}_{way}"
    if way == "":
        return name
    if way == "split":  # another reader, whose gradient is added
        lines.append(f'layer {{ name: "{made}" type: "Power" bottom: "{name}" top: "{made}" '
                     "power_param { scale: 0.5 } }")
        return name
    body = {
        "power": '"Power" %s power_param { scale: 0.5 shift: 0.25 }',
        "relu": '"ReLU" %s relu_param { negative_slope: 0.5 }',
        "pool": '"Pooling" %s pooling_param { kernel_size: 1 }',
        "conv": '"Convolution" %s convolution_param { num_output: '
                f"{shape[1] if len(shape) > 1 else 1} kernel_size: 1 weight_filler {FILLER} }}",
    }[way] % f'bottom: "{name}" top: "{made}"'
    lines.append(f'layer {{ name: "{made}" type: {body} }}')
    return made


def behind(draw: Draw, lines: list[str], top: str) -> None:
    """Readers of a top, of which there may be several or none."""
    for i in range(draw.pick((0, 0, 1, 1, 2))):
        way = draw.pick(('"ReLU" %s relu_param { negative_slope: 0.25 }', '"TanH" %s',
                         '"Power" %s power_param { scale: 2 }'))
        name = f"{top}_{i}"
        lines.append(f'layer {{ name: "{name}" type: '
                     + way % f'bottom: "{top}" top: "{name}"' + " }")
