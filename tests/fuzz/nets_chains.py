"""Layers that may run as one: convolution, normalization, scale, ReLU; sums and ReLU.

In place or apart, with another branch beside, as plain nets and with ``optimize=True``.
"""

from __future__ import annotations

from caffepy.kernels.onednn import winograd
from fuzz.cases import Case, family
from fuzz.draw import Draw
from fuzz.layers import FILLER
from fuzz.playing import Pass, play_net


class Chain:
    """Prototxt that grows layer by layer.

    Attributes:
        at: the blob to go on from.
    """

    def __init__(self, draw: Draw, shape: tuple[int, ...]) -> None:
        self.draw, self.at, self.count = draw, "data", 0
        self.lines = ['layer { name: "data" type: "Input" top: "data" input_param { shape { '
                      + " ".join(f"dim: {d}" for d in shape) + " } } }"]

    def add(self, type: str, body: str = "", inplace: bool = False, bottoms=()) -> str:
        self.count += 1
        name = f"{type.lower()}{self.count}"
        top = self.at if inplace else name
        reads = "".join(f' bottom: "{b}"' for b in (self.at, *bottoms))
        self.lines.append(f'layer {{ name: "{name}" type: "{type}"{reads} top: "{top}" {body} }}')
        self.at = top
        return top

    def convolution(self, outputs: int, kernel: int, group: int = 1, bias: bool = True) -> str:
        return self.add("Convolution", (
            f"convolution_param {{ num_output: {outputs} kernel_size: {kernel} pad: {kernel // 2} "
            f"group: {group} bias_term: {str(bias).lower()} weight_filler {{ type: \"msra\" }} "
            f"bias_filler {FILLER} }}"))

    def normalized(self, given: bool) -> None:
        """Some of BatchNorm, Scale and ReLU."""
        draw, inplace = self.draw, self.draw.chance(0.6)
        some = draw.pick(("", "R", "R", "N", "NS", "NSR", "NSR", "NSR", "NR", "SR"))
        words = " use_global_stats: true" * given
        if "N" in some:
            self.add("BatchNorm", f"batch_norm_param {{ eps: 0.001{words} }}", inplace)
        if "S" in some:
            self.add("Scale", f"scale_param {{ bias_term: {str(draw.chance(0.7)).lower()} "
                     f'filler {{ type: "gaussian" mean: 1 std: 0.3 }} bias_filler {FILLER} }}',
                     inplace)
        if "R" in some:
            slope = draw.pick((0, 0, 0, 0.1))
            self.add("ReLU", f"relu_param {{ negative_slope: {slope} }}", inplace)

    def text(self) -> str:
        return "\n".join(self.lines)


@family("Fused chain")
def chain(draw: Draw) -> Case:
    draw.kind = draw.pick(("normal", "normal", "shifted"))
    shape = (draw.integer(3, 5), draw.channels(20), *draw.pair(3, 8))
    net = Chain(draw, shape)
    phase, optimize, given = draw.pick(("TRAIN", "TRAIN", "TEST")), draw.chance(0.7), draw.chance(
        0.15)
    outputs = draw.channels(20)
    for _ in range(draw.integer(1, 2)):
        before = net.at
        group = draw.pick([g for g in (1, 1, 1, 2, 3) if outputs % g == 0
                           and (before != "data" or shape[1] % g == 0)])
        net.convolution(outputs, draw.pick((1, 3, 3)), group, bias=draw.chance(0.6))
        net.normalized(given)
        if draw.chance(0.4):  # a branch beside
            one, net.at = net.at, before
            net.convolution(outputs, 1)
            if draw.chance():
                net.normalized(given)
            net.add("Eltwise", bottoms=[one])
            if draw.chance(0.7):
                net.add("ReLU", "relu_param { negative_slope: 0 }", inplace=draw.chance(0.8))
    net.add("InnerProduct", f"inner_product_param {{ num_output: 4 weight_filler {FILLER} }}")
    net.add("TanH", "")
    backward = phase == "TRAIN"
    passes = [Pass({"data": draw.numbers((n, *shape[1:]))}, clear=draw.chance(),
                   views=draw.chance(0.2), seed=draw.seed(), whole=False)
              for n in (shape[0], shape[0], draw.integer(3, 6), shape[0])[: draw.integer(1, 4)]]
    prototxt = "force_backward: true\n" * (backward and draw.chance(0.8)) + net.text()
    knobs = [(winograd, "rule", lambda spec, on_avx2: list(winograd.DIRECTIONS)
              if winograd.applies(spec) else [])] * draw.chance(0.3)
    return Case(f"phase {phase}, optimize {optimize}\n{prototxt}",
                play_net(prototxt, phase, passes, backward, optimize), terms=500, knobs=knobs)
