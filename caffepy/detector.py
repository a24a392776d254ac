"""Detector: a net that classifies windows of pictures, as R-CNN does.

    detector = Detector("deploy.prototxt", "weights.caffemodel", mean=mean, raw_scale=255,
                        channel_swap=(2, 1, 0), context_pad=16)
    detections = detector.detect_windows([("cat.jpg", [(10, 20, 110, 220)])])

Windows are ymin, xmin, ymax, xmax. Girshick et al. 2013, arXiv:1311.2524.
"""

from __future__ import annotations

import importlib
import os
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from caffepy import io
from caffepy.classifier import transformer_for
from caffepy.errors import ConfigError, NotFound
from caffepy.proto.caffe_pb2 import TEST
from caffepy.pycaffe.net import Net, Path
from caffepy.services.picture_rule import PictureRule

Array = NDArray[Any]
Window = Sequence[int] | Array

SELECTIVE_SEARCH = "selective_search_ijcv_with_python"


class Detector(Net):
    """A net in the TEST phase that takes windows of pictures, warped to its input's size.

    Args:
        model_file, pretrained_file, mean, input_scale, raw_scale, channel_swap: as for
            Classifier; what is not given may be in the net's file.
        context_pad: how many pixels of the warped window show what surrounds it (R-CNN: 16);
            where that lies outside of the picture, the mean is put. 0: the bare window.

    Attributes:
        transformer: the Transformer.
        crop_dims: (height, width, channels) of a warped window.
    """

    def __init__(
        self,
        model_file: Path,
        pretrained_file: Path,
        mean: Array | None = None,
        input_scale: float | None = None,
        raw_scale: float | None = None,
        channel_swap: Sequence[int] | None = None,
        context_pad: int | None = None,
    ) -> None:
        super().__init__(model_file, TEST, weights=pretrained_file)
        rule = PictureRule.of_file(model_file)
        if rule is not None:
            context_pad = rule.context_pad if context_pad is None else context_pad
            if mean is None and self.inputs:
                mean = rule.mean_of_channels(self.blobs[self.inputs[0]].shape)
        self.transformer = transformer_for(self, mean, input_scale, raw_scale, channel_swap, rule)
        self.configure_crop(context_pad)

    def detect_windows(
        self, images_windows: Iterable[tuple[Path, Sequence[Window]]]
    ) -> list[dict[str, Any]]:
        """Classify windows of picture files.

        Args:
            images_windows: pairs of a file name and a list of windows.

        Returns: a dict for each window: window, prediction (the first output) and filename.
        """
        in_ = self.inputs[0]
        inputs, detections = [], []
        for filename, windows in images_windows:
            picture = io.load_image(filename, color=self.blobs[in_].shape[1] != 1)
            for window in windows:
                inputs.append(self.transformer.preprocess(in_, self.crop(picture, window)))
                detections.append({"window": window, "filename": filename})
        if not inputs:
            return []
        predictions = self.forward_all(None, **{in_: np.stack(inputs)})[self.outputs[0]]
        return [{**found, "prediction": prediction}
                for found, prediction in zip(detections, predictions, strict=True)]

    def detect_selective_search(self, image_fnames: Iterable[Path]) -> list[dict[str, Any]]:
        """Classify the windows that selective search proposes; see ``detect_windows``.

        Needs the package selective_search_ijcv_with_python, which needs MATLAB.

        Raises:
            NotFound: it is not installed.
        """
        try:
            selective_search = importlib.import_module(SELECTIVE_SEARCH)
        except ImportError:
            raise NotFound(
                f"the package {SELECTIVE_SEARCH} is not installed",
                fix="Install it (it needs MATLAB), or give windows of your own to detect_windows.",
            ) from None
        names = [os.path.abspath(name) for name in image_fnames]  # for MATLAB's sake
        windows = selective_search.get_windows(names, cmd="selective_search_rcnn")
        return self.detect_windows(list(zip(names, windows, strict=True)))

    def crop(self, im: Array, window: Window) -> Array:
        """A window of a picture (H x W x K), with its surroundings if ``context_pad`` is set.

        The window grows about its middle by size / (size - 2 context_pad), so that context_pad
        pixels of the warped result lie around it; the result is then crop_dims in size.

        Raises:
            ConfigError: the window has no part in the picture.
        """
        top, left, bottom, right = (int(v) for v in window)
        rows, columns = im.shape[:2]
        if not self.context_pad:
            cut = im[max(top, 0) : max(bottom, 0), max(left, 0) : max(right, 0)]
            if cut.size == 0:
                raise _outside(window, im)
            return cut
        size = int(self.crop_dims[1])  # the input is square, as R-CNN's
        grow = size / (size - 2 * self.context_pad)
        spans = [_span(*ends, limit, size, grow) for ends, limit in
                 (((top, bottom), rows), ((left, right), columns))]
        if any(span is None for span in spans):
            raise _outside(window, im)
        (y0, y1, above, height), (x0, x1, before, width) = (s for s in spans if s is not None)
        crop = np.ones(self.crop_dims, np.float32) * self.crop_mean
        crop[above : above + height, before : before + width] = io.resize_image(
            im[y0:y1, x0:x1], (height, width))
        return crop

    def configure_crop(self, context_pad: int | None) -> None:
        """Set ``context_pad``, and from the transformer the mean that fills up what is missing.

        Raises:
            ConfigError: so much context leaves nothing of the window.
        """
        in_ = self.inputs[0]
        back = np.argsort(self.transformer.transpose[in_])
        self.crop_dims = np.array(self.blobs[in_].shape[1:])[back]
        self.context_pad = context_pad or None
        if not context_pad:
            return
        if not 0 < 2 * context_pad < self.crop_dims[1]:
            raise ConfigError("context_pad must leave room for the window", found=context_pad,
                              allowed=f"less than half of {self.crop_dims[1]}")
        # the mean as pictures have it before preprocessing
        mean = self.transformer.mean.get(in_, np.zeros((1, 1, 1), np.float32)).transpose(back)
        if in_ in self.transformer.channel_swap and mean.shape[2] > 1:
            mean = mean[:, :, np.argsort(self.transformer.channel_swap[in_])]
        self.crop_mean = mean / self.transformer.raw_scale.get(in_, 1)


def _span(start: int, end: int, limit: int, size: int, grow: float
          ) -> tuple[int, int, int, int] | None:
    """One axis: where to cut (start, end), where the cut goes, and its length when warped.

    Both ends of a window count as inside when it grows, though the cut leaves the last one
    out: so the original has it.
    """
    half = (end - start + 1) / 2
    middle = start + half
    first, last = (int(np.round(middle + sign * grow * half)) for sign in (-1, 1))
    scale = size / (last - first + 1)
    offset = round(max(0, -first) * scale)
    first, last = (min(max(v, 0), limit) for v in (first, last))
    length = min(round((last - first + 1) * scale), size - offset)
    return (first, last, offset, length) if last > first and length > 0 else None


def _outside(window: Window, im: Array) -> ConfigError:
    return ConfigError("the window has no part in the picture", found=list(window),
                       allowed=f"ymin < ymax <= {im.shape[0]}, xmin < xmax <= {im.shape[1]}")
