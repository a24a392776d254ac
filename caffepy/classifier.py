"""Classifier: a net that names what is in a picture.

    classifier = Classifier("deploy.prototxt", "weights.caffemodel", mean=mean,
                            channel_swap=(2, 1, 0), raw_scale=255, image_dims=(256, 256))
    probabilities = classifier.predict([load_image("cat.jpg")])
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from caffepy import io
from caffepy.errors import ConfigError
from caffepy.proto.caffe_pb2 import TEST
from caffepy.pycaffe.net import Net, Path
from caffepy.services.picture_rule import PictureRule

Array = NDArray[Any]


def transformer_for(net: Net, mean: Array | None, input_scale: float | None,
                    raw_scale: float | None, channel_swap: Sequence[int] | None,
                    rule: PictureRule | None = None) -> io.Transformer:
    """A Transformer of H x W x K pictures for a net's first input; None leaves a step out, unless
    there is a rule, which then says it.

    Raises:
        ConfigError: the net has no input.
    """
    if not net.inputs:
        raise ConfigError("the net has no input for pictures",
                          fix="`caffepy deploy` makes one that has of a net for training.")
    if rule is not None:
        shape = net.blobs[net.inputs[0]].shape
        mean = rule.mean(shape) if mean is None else mean
        input_scale = rule.scale if input_scale is None else input_scale
        raw_scale = 255 if raw_scale is None else raw_scale
        if channel_swap is None and shape[1] == 3:
            channel_swap = (2, 1, 0)
    in_ = net.inputs[0]
    transformer = io.Transformer({in_: net.blobs[in_].shape})
    transformer.set_transpose(in_, (2, 0, 1))
    if mean is not None:
        transformer.set_mean(in_, mean)
    if input_scale is not None:
        transformer.set_input_scale(in_, input_scale)
    if raw_scale is not None:
        transformer.set_raw_scale(in_, raw_scale)
    if channel_swap is not None:
        transformer.set_channel_swap(in_, channel_swap)
    return transformer


class Classifier(Net):
    """A net in the TEST phase that takes pictures as they come.

    Args:
        model_file, pretrained_file: a prototxt with an input of shape N x K x H x W, and weights.
        image_dims: height and width that pictures are brought to before they are cropped to the
            input's; the input's own by default.
        mean, input_scale, raw_scale, channel_swap: see caffepy.io.Transformer.

    What is not given is taken from the net's file, if that has a picture_param (`deploy` writes
    it): then ``Classifier(net, weights)`` does what the training did.

    Attributes:
        transformer: the Transformer; more can be set on it.
        crop_dims, image_dims: (height, width) arrays.

    Raises:
        CaffeError: as Net; and if a mean or an order does not fit the input.
    """

    def __init__(
        self,
        model_file: Path,
        pretrained_file: Path,
        image_dims: Sequence[int] | None = None,
        mean: Array | None = None,
        input_scale: float | None = None,
        raw_scale: float | None = None,
        channel_swap: Sequence[int] | None = None,
    ) -> None:
        super().__init__(model_file, TEST, weights=pretrained_file)
        rule = PictureRule.of_file(model_file)
        self.transformer = transformer_for(self, mean, input_scale, raw_scale, channel_swap, rule)
        if image_dims is None and rule is not None:
            image_dims = rule.size or None
        self.crop_dims = np.array(self.blobs[self.inputs[0]].shape[2:])
        self.image_dims = self.crop_dims if image_dims is None else np.array(image_dims)
        if (self.image_dims < self.crop_dims).any():
            raise ConfigError("image_dims must not be smaller than the net's input",
                              found=tuple(self.image_dims.tolist()),
                              allowed=f"{tuple(self.crop_dims.tolist())} or more")

    def predict(self, inputs: Sequence[Array], oversample: bool = True) -> Array:
        """The first output for each picture.

        Args:
            inputs: N pictures, H x W x K, of any sizes.
            oversample: average over ten crops (see caffepy.io.oversample); else the middle one.

        Returns: N x classes, float32.

        Raises:
            ArgumentError: one is no picture, or of other channels than the net's input.
        """
        if isinstance(inputs, (np.ndarray, str)) and np.ndim(inputs) < 4:
            raise io.ArgumentError("predict takes a list of pictures",
                                   found=f"one of shape {np.shape(inputs)}"
                                   if isinstance(inputs, np.ndarray) else repr(inputs),
                                   fix="Write predict([picture]).")
        height, width = (int(d) for d in self.image_dims)
        in_, out = self.inputs[0], self.outputs[0]
        pictures = [io.resize_image(self.transformer.picture(in_, picture), (height, width))
                    for picture in inputs]
        if not pictures:
            return np.empty((0, self.blobs[out].count // self.blobs[out].num), np.float32)
        rows, columns = (int(d) for d in self.crop_dims)
        if oversample:
            crops = io.oversample(pictures, (rows, columns))
        else:
            y, x = (height - rows) // 2, (width - columns) // 2
            crops = np.stack(pictures)[:, y : y + rows, x : x + columns]
        data = np.stack([self.transformer.preprocess(in_, crop) for crop in crops])
        predictions = self.forward_all(None, **{in_: data})[out]
        if oversample:
            predictions = predictions.reshape(len(pictures), 10, -1).mean(1)
        return predictions
