"""A module of Python layers, and nets of them."""

from __future__ import annotations

from caffepy.core.context import Context
from caffepy.core.net import Net
from caffepy.proto import caffe_pb2, text

MODULE = """
    import caffepy
    import numpy as np

    class Scaled(caffepy.Layer):
        def setup(self, bottom, top):
            self.factor = float(self.param_str)
        def reshape(self, bottom, top):
            top[0].reshape(*bottom[0].shape)
        def forward(self, bottom, top):
            top[0].data[...] = self.factor * bottom[0].data
        def backward(self, top, propagate_down, bottom):
            if propagate_down[0]:
                bottom[0].diff[...] = self.factor * top[0].diff

    class EuclideanLoss(caffepy.Layer):
        def setup(self, bottom, top):
            if len(bottom) != 2:
                raise Exception("Need two inputs to compute distance.")
        def reshape(self, bottom, top):
            self.diff = np.zeros_like(bottom[0].data, dtype=np.float32)
            top[0].reshape(1)
        def forward(self, bottom, top):
            self.diff[...] = bottom[0].data - bottom[1].data
            top[0].data[...] = np.sum(self.diff**2) / bottom[0].num / 2.
        def backward(self, top, propagate_down, bottom):
            for i in range(2):
                if not propagate_down[i]:
                    continue
                sign = 1 if i == 0 else -1
                bottom[i].diff[...] = sign * self.diff / bottom[i].num

    class Affine(caffepy.Layer):
        def setup(self, bottom, top):
            n, k = int(self.param_str), bottom[0].count // bottom[0].num
            self.blobs.add_blob(n, k)
            self.blobs.add_blob((n,))
            self.blobs[0].data[...] = np.arange(n * k).reshape(n, k)
        def reshape(self, bottom, top):
            top[0].reshape(bottom[0].num, int(self.param_str))
        def forward(self, bottom, top):
            x = bottom[0].data.reshape(bottom[0].num, -1)
            top[0].data[...] = x @ self.blobs[0].data.T + self.blobs[1].data
        def backward(self, top, propagate_down, bottom):
            dy, x = top[0].diff, bottom[0].data.reshape(bottom[0].num, -1)
            self.blobs[0].diff[...] += dy.T @ x
            self.blobs[1].diff[...] += dy.sum(0)
            if propagate_down[0]:
                bottom[0].diff[...] = (dy @ self.blobs[0].data).reshape(bottom[0].shape)

    class Source(caffepy.Layer):
        def setup(self, bottom, top):
            self.data = np.arange(20)       # names that mean something else to the net
            self.loss = self.labels = self.position = self.name = self.spec = None
            self.batch = 2
        def set_batch(self, batch):
            self.batch = batch
        def reshape(self, bottom, top):
            top[0].reshape(self.batch, 3)
            top[1].reshape(self.batch)
        def forward(self, bottom, top):
            top[0].data[...] = self.data[0]
            top[1].data[...] = self.phase
            self.data = self.data[1:]

    class Keeper(caffepy.Layer):
        def setup(self, bottom, top):
            self.views = None
        def reshape(self, bottom, top):
            top[0].reshape(*bottom[0].shape)
        def forward(self, bottom, top):
            if self.views is None:
                self.views = bottom[0].data, top[0].data, bottom[0].diff, top[0].diff
            self.views[1][...] = self.views[0] + 1
        def backward(self, top, propagate_down, bottom):
            self.views[2][...] = 3 * self.views[3]

    class Broken(caffepy.Layer):
        def setup(self, bottom, top):
            if self.param_str == "setup":
                raise KeyError("margin")
        def reshape(self, bottom, top):
            top[0].reshape(*bottom[0].shape)
            if self.param_str == "shape":
                bottom[0].axis(7)
        def forward(self, bottom, top):
            if self.param_str == "fail":
                self.fail("I do not like this", found=7)
            if self.param_str == "interrupt":
                raise KeyboardInterrupt
            top[0].data[...] = np.zeros((99, 99))

    class Declared(Scaled):
        bottoms = "2"
        keeps = ("top",)
        labels = (1,)
        learns = {}             # not what Layer means by it

    class WithInit(Scaled):
        def __init__(self, param, *args, **kwargs):
            super().__init__(param, *args, **kwargs)
            self.made_for = param.name + self.param_str

    class Dropping(Scaled):
        def forward(self, bottom, top):
            top[0].data[...] = self.random().random(bottom[0].shape)

    class Closing(Scaled):
        def close(self):
            self.closed = True

    class NoLayer: pass

    class Lacking(caffepy.Layer): pass

    number = 7
"""

INPUT = 'name: "x" type: "Input" top: "x" input_param { shape { dim: 4 dim: 3 dim: 5 dim: 5 } }'


def line(layer, param_str="", more=""):
    return (f'type: "Python" top: "y" {more} python_param {{ module: "user_layers" '
            f'layer: "{layer}" param_str: "{param_str}" }}')


def net_of(*layers, phase=caffe_pb2.TRAIN, **options):
    param = caffe_pb2.NetParameter()
    text.parse("\n".join(f"layer {{ {layer} }}" for layer in layers), param)
    return Net(param, phase, context=Context(seed=1), **options)
