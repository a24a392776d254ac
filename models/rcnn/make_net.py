"""R-CNN for the 200 classes of ILSVRC13: CaffeNet's layers, then a score for each class."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from alexnet.make_net import layers  # noqa: E402
from making import prototxt, start, write  # noqa: E402

from caffepy import layers as L  # noqa: E402


def nets() -> dict[str, str]:
    n = start(False, 10, 3, 227, 227)
    n["fc-rcnn"] = L.InnerProduct(layers(n, False, 1, False), num_output=200)
    return {"deploy.prototxt": prototxt(
        n, "R-CNN-ilsvrc13", "R-CNN for use: windows in, a score for each class out (no softmax).")}


if __name__ == "__main__":
    write(__file__, nets())
