"""Gradient ascent over octaves, with the net's gradient written by hand and jitter."""
import caffe
import numpy as np
from google.protobuf import text_format

model = caffe.io.caffe_pb2.NetParameter()
text_format.Merge(open("deploy.prototxt").read(), model)
model.force_backward = True
open("tmp.prototxt", "w").write(str(model))
net = caffe.Classifier("tmp.prototxt", "weights.caffemodel", mean=np.float32([104.0, 116.0, 122.0]),
                       channel_swap=(2, 1, 0))


def preprocess(net, img):
    return np.float32(np.rollaxis(img, 2)[::-1]) - net.transformer.mean["data"]


def deprocess(net, img):
    return np.dstack((img + net.transformer.mean["data"])[::-1])


def objective_L2(dst):
    dst.diff[:] = dst.data


def make_step(net, step_size=1.5, end="conv1", jitter=2, clip=True, objective=objective_L2):
    src = net.blobs["data"]
    dst = net.blobs[end]
    ox, oy = np.random.randint(-jitter, jitter + 1, 2)
    src.data[0] = np.roll(np.roll(src.data[0], ox, -1), oy, -2)
    net.forward(end=end)
    objective(dst)
    net.backward(start=end)
    g = src.diff[0]
    src.data[:] += step_size / np.abs(g).mean() * g
    src.data[0] = np.roll(np.roll(src.data[0], -ox, -1), -oy, -2)
    if clip:
        bias = net.transformer.mean["data"]
        src.data[:] = np.clip(src.data, -bias, 255 - bias)


img = np.float32(caffe.io.load_image("cat.png") * 255)
src = net.blobs["data"]
octaves = [preprocess(net, caffe.io.resize(img, (9, 10), preserve_range=True)),
           preprocess(net, caffe.io.resize(img, (15, 18), preserve_range=True))]
strength = []
for octave in octaves:
    h, w = octave.shape[-2:]
    src.reshape(1, 3, h, w)
    src.data[0] = octave
    for i in range(5):
        make_step(net)
        strength.append(float((net.blobs["conv1"].data ** 2).sum()))
    vis = deprocess(net, src.data[0])
    assert vis.shape == (h, w, 3) and 0 <= vis.min() and vis.max() <= 255.1
print("stronger:", strength[4] > strength[0], strength[9] > strength[5])
