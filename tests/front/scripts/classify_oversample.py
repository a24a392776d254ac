#!/usr/bin/env python
"""Classify pictures with ten crops each, as the original's classify.py does."""
from __future__ import print_function

import argparse
import sys

import caffe
import numpy as np


def main(argv):
    parser = argparse.ArgumentParser()
    parser.add_argument("inputs", nargs="+")
    parser.add_argument("--center_only", action="store_true")
    args = parser.parse_args(argv)

    caffe.set_mode_cpu()
    mean = np.load("mean.npy").mean(1).mean(1)
    classifier = caffe.Classifier(
        "deploy.prototxt", "weights.caffemodel", image_dims=(12, 12), mean=mean,
        input_scale=0.01, raw_scale=255.0, channel_swap=[2, 1, 0])
    inputs = [caffe.io.load_image(name) for name in args.inputs]
    predictions = classifier.predict(inputs, not args.center_only)
    for name, row in zip(args.inputs, predictions):
        print("%s %d %.6f" % (name, row.argmax(), row.max()))
    np.save("predictions.npy", predictions)


if __name__ == "__main__":
    main(sys.argv[1:])
