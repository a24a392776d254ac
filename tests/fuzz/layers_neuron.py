"""Layers that look at each number by itself."""

from __future__ import annotations

from fuzz.draw import Draw
from fuzz.layers import FILLER, Bottom, Made, layer


def plain(type: str, kind: str | None = None, *bodies: str, most: float = 8) -> None:
    """A type whose settings are a few words; ``{}`` is a number."""

    @layer(type)
    def maker(draw: Draw) -> Made:
        if draw.kind == "large" and kind is None and most < 90:
            draw.kind = "normal"  # out there nothing is left of exponentials and their slopes
        body = draw.pick(bodies or ("",))
        while "{}" in body:
            body = body.replace("{}", str(draw.number(0.2, 2)), 1)
        # nor behind a convolution of many channels
        return Made(body, [Bottom(draw.shape(), kind)], apart=most < 90)


plain("ReLU", None, "", "", "relu_param { negative_slope: {} }", most=100)
plain("Sigmoid")
plain("TanH")
plain("NegSquare")
plain("ELU", None, "", "elu_param { alpha: {} }")
plain("BNLL")
plain("Swish", None, "", "swish_param { beta: {} }")
plain("AbsVal", most=100)
plain("Clip", None, "clip_param { min: -{} max: {} }", most=100)
plain("Threshold", None, "threshold_param { threshold: {} }", most=100)
plain("Exp", "unit", "", "exp_param { base: 2 scale: {} shift: {} }")
plain("Log", "positive", "", "log_param { base: 2 scale: {} shift: {} }")
plain("Power", "positive", "power_param { power: 2 scale: {} shift: {} }",
      "power_param { power: {} shift: {} }", "power_param { scale: -{} }")
plain("Dropout", None, "", "dropout_param { dropout_ratio: 0.3 }", most=100)


@layer("PReLU")
def prelu(draw: Draw) -> Made:
    shape = draw.shape()
    while len(shape) < 2:
        shape = (*shape, 5)
    return Made(f"prelu_param {{ filler {FILLER} "
                f"channel_shared: {str(draw.chance(0.3)).lower()} }}", [Bottom(shape)])
