"""A Python layer that cuts regions, and the data layer of a region detector."""
import caffe
import numpy as np


class Crops(caffe.Layer):
    def setup(self, bottom, top):
        self.engine = "numpy"
        self.size = eval(self.param_str)["size"]

    def reshape(self, bottom, top):
        top[0].reshape(bottom[1].data.shape[0], bottom[0].channels)

    def forward(self, bottom, top):
        for n, (i, x0, y0, x1, y1) in enumerate(bottom[1].data.astype(int)):
            top[0].data[n] = bottom[0].data[i, :, y0:y1 + 1, x0:x1 + 1].mean((1, 2))

    def backward(self, top, propagate_down, bottom):
        if propagate_down[0]:
            bottom[0].diff[...] = 0


class RoIDataLayer(caffe.Layer):
    """Takes its data from what the training script gives to it."""

    def _shuffle(self):
        self._perm = np.random.permutation(np.arange(len(self._roidb)))
        self._cur = 0

    def set_roidb(self, roidb):
        self._roidb = roidb
        self._shuffle()

    def setup(self, bottom, top):
        self._num_classes = int(eval(self.param_str)["num_classes"])
        self._name_to_top_map = {"data": 0, "labels": 1}
        self.labels, self.data, self.name, self.kernels = [], None, "roi", {}
        top[0].reshape(1, 3)
        top[1].reshape(1)

    def forward(self, bottom, top):
        if self._cur + 4 > len(self._roidb):
            self._shuffle()
        picked = [self._roidb[i] for i in self._perm[self._cur:self._cur + 4]]
        self._cur += 4
        blobs = {"data": np.array([r["x"] for r in picked], np.float32),
                 "labels": np.array([r["y"] for r in picked], np.float32)}
        for name, blob in blobs.items():
            top_ind = self._name_to_top_map[name]
            top[top_ind].reshape(*(blob.shape))
            top[top_ind].data[...] = blob.astype(np.float32, copy=False)

    def backward(self, top, propagate_down, bottom):
        """This layer does not propagate gradients."""
        pass

    def reshape(self, bottom, top):
        """Reshaping happens during the call to forward."""
        pass
