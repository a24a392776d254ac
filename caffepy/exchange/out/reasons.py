"""Why layers of some types have no place in an ONNX model."""

from __future__ import annotations

from caffepy.core.registry import Entry

LOSS = "a loss, which a net for use is without; caffepy deploy makes that net"
SCORE = "it scores a net against labels, which a net for use is without; caffepy deploy makes it"
USER = "a class of a user's own, of which nobody else knows what it computes"

MARGIN = ("its margin asks for labels, which there are none of in use; an InnerProduct with the "
          "same weights takes its place there")

OF_TYPE = {
    "BoxAnnotatorOHEM": "it chooses examples for a training, which a net for use is without",
    "DataAugmentation": "it changes pictures at random, and keeps count of them",
    "DetectionEvaluate": SCORE,
    "LargeMarginInnerProduct": MARGIN,
    "MarginInnerProduct": MARGIN,
    "MixUp": "it mixes pictures at random in a training; include { phase: TRAIN } leaves it out "
             "of the net for use",
}


def of(entry: Entry) -> str:
    """The reason for a type without a rule."""
    kind = entry.cls
    if entry.type in OF_TYPE:
        return OF_TYPE[entry.type]
    if kind.loss:
        return LOSS
    if kind.scores:
        return SCORE
    if kind.opaque or kind.foreign:
        return USER
    return "ONNX has no operations for it"
