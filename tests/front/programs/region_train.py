"""The loop of a solver wrapper: data handed to the first layer, weights scaled in the snapshots."""
import os

import caffe
import google.protobuf as pb2
import google.protobuf.text_format  # noqa: F401
import numpy as np
from caffe.proto import caffe_pb2


class SolverWrapper(object):
    def __init__(self, solver_prototxt, roidb, output_dir, pretrained_model=None):
        self.output_dir = output_dir
        self.solver = caffe.SGDSolver(solver_prototxt)
        if pretrained_model is not None:
            self.solver.net.copy_from(pretrained_model)
        self.solver_param = caffe_pb2.SolverParameter()
        with open(solver_prototxt, "rt") as f:
            pb2.text_format.Merge(f.read(), self.solver_param)
        self.solver.net.layers[0].set_roidb(roidb)
        self.solver.name = "wrapped"

    def snapshot(self):
        net = self.solver.net
        orig_0 = net.params["score"][0].data.copy()
        net.params["score"][0].data[...] = net.params["score"][0].data * 2
        filename = os.path.join(self.output_dir, self.solver_param.snapshot_prefix
                                + "_iter_{:d}".format(self.solver.iter) + ".caffemodel")
        net.save(str(filename))
        net.params["score"][0].data[...] = orig_0
        return filename

    def train_model(self, max_iters):
        last_snapshot_iter, model_paths = -1, []
        while self.solver.iter < max_iters:
            self.solver.step(1)
            if self.solver.iter % 20 == 0:
                last_snapshot_iter = self.solver.iter
                model_paths.append(self.snapshot())
        if last_snapshot_iter != self.solver.iter:
            model_paths.append(self.snapshot())
        return model_paths


rng = np.random.RandomState(3)
np.random.seed(3)
points = rng.randn(64, 3)
roidb = [{"x": p, "y": int(p.sum() > 0)} for p in points]
wrapper = SolverWrapper("solver.prototxt", roidb, ".", "start.caffemodel")
first = wrapper.solver.net.params["score"][0].data.copy()
paths = wrapper.train_model(50)
assert paths == ["./small_iter_20.caffemodel", "./small_iter_40.caffemodel",
                 "./small_iter_50.caffemodel"], paths
assert not np.allclose(first, wrapper.solver.net.params["score"][0].data)
test = caffe.Net("train.prototxt", caffe.TEST)
test.layers[0].set_roidb(roidb)
test.copy_from(paths[-1])
assert np.allclose(test.params["score"][0].data, 2 * wrapper.solver.net.params["score"][0].data)
right = 0
for i in range(16):
    test.forward()
    right += (test.blobs["score"].data.argmax(1) == test.blobs["labels"].data).sum()
print("right", right, "of 64, loss", float(test.blobs["loss"].data))
assert right > 58
