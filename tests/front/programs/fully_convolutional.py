"""Semantic segmentation: upsampling made by surgery, transplanted weights, scores by class."""
from __future__ import division

import caffe
import numpy as np


def transplant(new_net, net, suffix=""):
    for p in net.params:
        p_new = p + suffix
        if p_new not in new_net.params:
            print("dropping", p)
            continue
        for i in range(len(net.params[p])):
            if i > (len(new_net.params[p_new]) - 1):
                break
            if net.params[p][i].data.shape != new_net.params[p_new][i].data.shape:
                print("coercing", p, i, "from", net.params[p][i].data.shape, "to",
                      new_net.params[p_new][i].data.shape)
            new_net.params[p_new][i].data.flat = net.params[p][i].data.flat


def upsample_filt(size):
    factor = (size + 1) // 2
    center = factor - 1 if size % 2 == 1 else factor - 0.5
    og = np.ogrid[:size, :size]
    return (1 - abs(og[0] - center) / factor) * (1 - abs(og[1] - center) / factor)


def interp(net, layers):
    for layer in layers:
        m, k, h, w = net.params[layer][0].data.shape
        assert m == k or k == 1 and h == w
        filt = upsample_filt(h)
        net.params[layer][0].data[range(m), range(k), :, :] = filt


def fast_hist(a, b, n):
    k = (a >= 0) & (a < n)
    return np.bincount(n * a[k].astype(int) + b[k], minlength=n ** 2).reshape(n, n)


def compute_hist(net, layer="score", gt="label"):
    n_cl = net.blobs[layer].channels
    hist = np.zeros((n_cl, n_cl))
    loss = 0
    for i in range(3):
        net.forward()
        hist += fast_hist(net.blobs[gt].data[0, 0].flatten(),
                          net.blobs[layer].data[0].argmax(0).flatten(), n_cl)
        loss += net.blobs["loss"].data.flat[0]
    return hist, loss / 3


base = caffe.Net("base.prototxt", "base.caffemodel", caffe.TEST)
solver = caffe.SGDSolver("solver.prototxt")
transplant(solver.net, base)
interp_layers = [k for k in solver.net.params.keys() if "up" in k]
interp(solver.net, interp_layers)
solver.net.set_phase = None
up = solver.net.params["upscore"][0].data
assert np.allclose(up[0, 0], upsample_filt(4)) and up[0, 1].max() == 0
for _ in range(2):
    solver.step(5)
    solver.test_nets[0].share_with(solver.net)
    hist, loss = compute_hist(solver.test_nets[0])
    print("loss", loss, "accuracy", np.diag(hist).sum() / hist.sum())
best = solver.net.blobs["score"].data[0].argmax(axis=0)
print(best.shape, solver.iter)
