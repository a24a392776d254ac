"""Features of many pictures, batch by batch, with a Transformer."""
from __future__ import print_function

import glob
import os

import caffe
import cv2
import numpy as np

os.mkdir("pictures")
for i in range(11):
    cv2.imwrite("pictures/%02d.png" % i,
                np.random.RandomState(i).randint(0, 256, (14 + i, 20, 3), np.uint8))

caffe.set_mode_cpu()
net = caffe.Net("deploy.prototxt", "weights.caffemodel", caffe.TEST)
transformer = caffe.io.Transformer({"data": net.blobs["data"].data.shape})
transformer.set_transpose("data", (2, 0, 1))
transformer.set_mean("data", np.array([104, 117, 123]))
transformer.set_raw_scale("data", 255)
transformer.set_channel_swap("data", (2, 1, 0))

batch_size = 4
net.blobs["data"].reshape(batch_size, *net.blobs["data"].data.shape[1:])
files = sorted(glob.glob("pictures/*.png"))
features = np.zeros((len(files), net.blobs["conv1"].data.shape[1]))
for start in range(0, len(files), batch_size):
    chunk = files[start:start + batch_size]
    for i, name in enumerate(chunk):
        net.blobs["data"].data[i, ...] = transformer.preprocess("data", caffe.io.load_image(name))
    net.forward(end="conv1")
    features[start:start + len(chunk)] = net.blobs["conv1"].data[:len(chunk)].mean(axis=(2, 3))

# one by one must be the same
net.blobs["data"].reshape(1, *net.blobs["data"].data.shape[1:])
net.reshape()
for name, row in zip(files, features):
    out = net.forward_all(blobs=["conv1"], data=np.asarray(
        [transformer.preprocess("data", caffe.io.load_image(name))]))
    assert np.allclose(out["conv1"][0].mean(axis=(1, 2)), row, rtol=1e-4, atol=1e-3)
picture = transformer.deprocess("data", net.blobs["data"].data[0])
print(features.shape, "spread %.3f" % features.std(0).mean(), picture.shape)
np.save("features.npy", features)
