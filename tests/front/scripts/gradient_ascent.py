"""Change a picture until a layer answers strongly: forward, own gradients, backward."""
import caffe
import numpy as np

net = caffe.Classifier("deploy.prototxt", "weights.caffemodel",
                       mean=np.float32([104.0, 116.0, 122.0]), channel_swap=(2, 1, 0))


def objective_l2(dst):
    dst.diff[:] = dst.data


def make_step(net, step_size=1.5, end="conv1", clip=True):
    src = net.blobs["data"]
    dst = net.blobs[end]
    net.forward(end=end)
    before = float((dst.data ** 2).sum())
    objective_l2(dst)
    net.backward(start=end)
    g = src.diff[0]
    src.data[:] += step_size / np.abs(g).mean() * g
    if clip:
        bias = net.transformer.mean["data"]
        src.data[:] = np.clip(src.data, -bias, 255 - bias)
    return before


src = net.blobs["data"]
src.reshape(1, 3, 8, 8)
src.data[0] = np.random.RandomState(2).randint(100, 120, (3, 8, 8)) - 110
answers = [make_step(net) for _ in range(20)]
print("answer grew %.1f times" % (answers[-1] / answers[0]))
assert all(b >= a for a, b in zip(answers, answers[1:]))
