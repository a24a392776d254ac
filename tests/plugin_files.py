"""A plug-in with a parameter, a gradient and words of its own, and a net and a solver for it."""

from __future__ import annotations

from pathlib import Path

WAVE = '''"""Wave: y = w sin(frequency x), of which w is learnt."""
import numpy as np

from caffepy import Layer
from caffepy.core.registry import register


@register("Wave", v1="WAVE")
class Wave(Layer):
    learns = ("w",)

    def setup(self, bottom, top):
        own = self.unknown.get("wave_param", {})
        self.frequency = own.get("frequency", 1)
        self.add_blob((1,))
        self.blobs[0].data[...] = own.get("start", 1)

    def reshape(self, bottom, top):
        top[0].reshape(*bottom[0].shape)

    def forward(self, bottom, top):
        top[0].data[...] = self.blobs[0].data * np.sin(self.frequency * bottom[0].data)

    def backward(self, top, propagate_down, bottom):
        x, w, dy = bottom[0].data, self.blobs[0].data, top[0].diff
        self.blobs[0].diff[...] += np.sum(np.sin(self.frequency * x) * dy)
        if propagate_down[0]:
            bottom[0].diff[...] = w * self.frequency * np.cos(self.frequency * x) * dy
'''
NET = """name: "waves"
layer { name: "data" type: "DummyData" top: "x" top: "y"
  dummy_data_param { shape { dim: 4 dim: 3 } shape { dim: 4 dim: 2 }
    data_filler { type: "gaussian" } data_filler { value: 0.5 } } }
layer { name: "ip" type: "InnerProduct" bottom: "x" top: "ip"
  inner_product_param { num_output: 2 weight_filler { type: "xavier" } } }
layer { name: "wave" type: "Wave" bottom: "ip" top: "wave"
  wave_param { frequency: 0.5 start: 2 } }
layer { name: "loss" type: "EuclideanLoss" bottom: "wave" bottom: "y" top: "loss" }
"""
SOLVER = """net: "waves.prototxt" base_lr: 0.1 lr_policy: "fixed" max_iter: 4 display: 1
random_seed: 7 snapshot_prefix: "waves" solver_mode: CPU
"""


def write(folder: Path) -> Path:
    """The plug-in's path; the net and the solver are beside it."""
    (folder / "waves.prototxt").write_text(NET)
    (folder / "solver.prototxt").write_text(SOLVER)
    (folder / "wave.py").write_text(WAVE)
    return folder / "wave.py"
