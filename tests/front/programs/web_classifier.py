"""The classifier behind a web page: pictures by address or upload, errors told to the visitor."""
import io
import os
import time
import urllib.request

import caffe
import numpy as np


class ImagenetClassifier(object):
    def __init__(self, model_def_file, pretrained_model_file, mean_file, raw_scale, image_dim):
        caffe.set_mode_cpu()
        self.net = caffe.Classifier(
            model_def_file, pretrained_model_file, image_dims=(image_dim, image_dim),
            raw_scale=raw_scale, mean=np.load(mean_file).mean(1).mean(1), channel_swap=(2, 1, 0))
        self.labels = np.array(["blue", "green", "red"])

    def classify_image(self, image):
        try:
            starttime = time.time()
            scores = self.net.predict([image], oversample=True).flatten()
            indices = (-scores).argsort()[:5]
            return True, list(self.labels[indices]), time.time() - starttime
        except Exception as err:
            return False, str(err)


def classify_url(clf, imageurl):
    try:
        string_buffer = io.BytesIO(urllib.request.urlopen(imageurl).read())
        image = caffe.io.load_image(string_buffer)
    except Exception as err:
        return False, "Cannot open image from URL. " + type(err).__name__
    return clf.classify_image(image)


clf = ImagenetClassifier("deploy.prototxt", "weights.caffemodel", "mean.npy", 255, 12)
clf.net.forward()
clf.net.labels, clf.net.core = clf.labels, 1
good = "file://" + os.path.abspath("cat.png")
for found in (classify_url(clf, good), clf.classify_image(caffe.io.load_image(good))):
    print(found[0], found[1][0])
print(classify_url(clf, "file:///no/such.png"))
print(clf.classify_image(np.zeros((9, 9)))[0])
try:
    caffe.io.load_image("nothing.png")
except IOError as e:
    print("IOError", e)
