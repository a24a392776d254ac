import random

import caffe
import numpy as np

import shapes_data


class ShapesDataLayer(caffe.Layer):
    """Load (picture, label) pairs, as the original's example for segmentation does."""

    def setup(self, bottom, top):
        params = eval(self.param_str)
        self.batch_size = params["batch_size"]
        self.random = params.get("randomize", True)
        self.seed = params.get("seed", None)
        if len(top) != 2:
            raise Exception("Need to define two tops: data and label.")
        if len(bottom) != 0:
            raise Exception("Do not define a bottom.")
        self.images, self.labels = shapes_data.batch(200, params["split"])
        self.indices = list(range(len(self.images)))
        self.idx = 0
        if self.random:
            random.seed(self.seed)
            random.shuffle(self.indices)

    def reshape(self, bottom, top):
        chosen = [self.indices[(self.idx + i) % len(self.indices)]
                  for i in range(self.batch_size)]
        self.data = self.images[chosen]
        self.label = self.labels[chosen]
        top[0].reshape(*self.data.shape)
        top[1].reshape(*self.label.shape)

    def forward(self, bottom, top):
        top[0].data[...] = self.data
        top[1].data[...] = self.label.astype(np.float32)
        self.idx += self.batch_size
        if self.idx >= len(self.indices):
            self.idx = 0

    def backward(self, top, propagate_down, bottom):
        pass
