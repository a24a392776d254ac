"""A fully convolutional net over pictures of varying size."""
import caffe
import cv2
import numpy as np

net = caffe.Net("fcn.prototxt", "fcn.caffemodel", caffe.TEST)
for i, (height, width) in enumerate([(20, 30), (33, 17), (8, 8), (64, 48)]):
    name = "%d.png" % i
    cv2.imwrite(name, np.random.RandomState(i).randint(0, 256, (height, width, 3), np.uint8))
    im = cv2.imread(name)
    in_ = np.array(im, dtype=np.float32)
    in_ -= np.array((104.0, 116.7, 122.7))
    in_ = in_.transpose((2, 0, 1))
    net.blobs["data"].reshape(1, *in_.shape)
    net.blobs["data"].data[...] = in_
    net.forward()
    score = net.blobs["score"].data[0]
    out = score.argmax(axis=0)
    # with a kernel of one the score is a product per pixel
    w, b = net.params["score"][0].data, net.params["score"][1].data
    expected = np.einsum("oc,chw->ohw", w[:, :, 0, 0], in_) + b[:, None, None]
    assert np.abs(expected - score).max() < 1e-3 * np.abs(expected).max()
    print(name, out.shape, net.blobs["data"].width, net.blobs["data"].height)
