"""What is done to pictures before they are a net's input, as notes that an ONNX model carries.

``picture_param`` is the prototxt of the net's message; ``preprocessing`` says the same as a
sentence; ``labels`` are the names of the classes, one a line.
"""

from __future__ import annotations

from typing import Any

from caffepy.data.transform import read_mean
from caffepy.errors import CaffeError
from caffepy.proto import text
from caffepy.proto.paths import path_of

MESSAGE, SENTENCE, LABELS = "picture_param", "preprocessing", "labels"


def of(param: Any) -> dict[str, str]:
    """The notes for a NetParameter; none if it says nothing of pictures."""
    if not param.HasField("picture_param"):
        return {}
    rule = param.picture_param
    found = {MESSAGE: text.to_text(rule), SENTENCE: sentence(rule)}
    if rule.label:
        found[LABELS] = "\n".join(rule.label)
    return found


def sentence(rule: Any) -> str:
    """A PictureParameter in words."""
    done = ["channels B, G, R (or gray), numbers from 0 to 255"]
    if rule.height:
        done.append(f"brought to {rule.height} x {rule.width}, the middle of which is the input")
    if rule.HasField("resize_param"):
        one = rule.resize_param
        mode = one.Resize_mode.Name(one.resize_mode)
        done.append(f"brought to {one.height} x {one.width} by {mode}")
    if rule.shorter_side:
        most = f", the longer to {rule.longer_side} at most" if rule.longer_side else ""
        done.append(f"the shorter side brought to {rule.shorter_side}{most}")
    if rule.mean_value:
        done.append(f"minus {', '.join(f'{value:g}' for value in rule.mean_value)}")
    if rule.mean_file:
        done.append(f"minus the mean picture {rule.mean_file}{_by_channel(rule)}")
    if rule.scale != 1:
        done.append(f"times {rule.scale:g}")
    return ", then ".join(done)


def _by_channel(rule: Any) -> str:
    """What a mean picture is on the whole, for who has not got it; "" if it is not here either."""
    try:
        mean = read_mean(path_of(rule, "mean_file")).mean(axis=(1, 2))
    except CaffeError:
        return ""
    return f" (on the whole {', '.join(f'{value:g}' for value in mean)})"
