"""resize_param: the picture gets another size, its boxes with it.

    resize_param { prob: 1 resize_mode: WARP height: 300 width: 300
                   interp_mode: LINEAR interp_mode: AREA interp_mode: NEAREST }

WARP stretches it. FIT_SMALL_SIZE keeps its shape and makes it as small as still covers height and
width: one side fits, the other is larger. FIT_LARGE_SIZE_AND_PAD keeps its shape and makes it as
large as fits in, in the middle; the rest is pad_value (pad_mode CONSTANT), the picture mirrored
(MIRRORED) or its border repeated (REPEAT_NEAREST). Of several interp_modes one is drawn for each
picture. SSD's; of several resize_params, which are MobileNet-YOLO's, one is drawn by its prob for
each batch. prob means nothing to a single one, as in SSD's fork.

With height_scale and width_scale, FIT_SMALL_SIZE's boxes are not shares of the picture, but pixels
divided by these.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from caffepy.data.augment import outside
from caffepy.data.augment.change import Change, Changed
from caffepy.data.draws import Dice
from caffepy.errors import ConfigError
from caffepy.proto import caffe_pb2

P = caffe_pb2.ResizeParameter
NEAR_ONE = 0.01  # how far the sum of several prob may be from it


class Resize(Change):
    """Args:
        param: the resize_param.

    Raises:
        ConfigError: no height or width, or a word that only Synopsys' fork follows.
    """

    name = "resize"

    def __init__(self, param: caffe_pb2.ResizeParameter) -> None:
        if not param.height or not param.width:
            raise ConfigError("resize_param needs height and width",
                              found=f"{param.height} x {param.width}")
        if param.HasField("jitter"):
            raise ConfigError("resize_param: jitter is not obeyed here",
                              fix="It is Synopsys' word; a batch_sampler cuts parts at random.")
        self.param = param

    def __call__(self, pixels: np.ndarray, boxes: np.ndarray, dice: Dice) -> Changed:
        height, width = pixels.shape[:2]
        modes = self.param.interp_mode or [P.LINEAR]
        how = outside.interpolation(modes[dice.below(len(modes))])
        made = self._made(pixels, how, outside.fill("pad_value", self.param.pad_value, pixels))
        return made, self._placed(boxes, height, width)

    def labels(self, labels: np.ndarray, dice: Dice, ignored: int) -> np.ndarray:
        import cv2

        return self._made(labels, cv2.INTER_NEAREST, [ignored])

    def _made(self, pixels: np.ndarray, how: int, fill: Sequence[float]) -> np.ndarray:
        import cv2

        p = self.param
        tall, wide = (max(1, int(side)) for side in self.fitted(*pixels.shape[:2]))
        made = cv2.resize(pixels, (wide, tall), interpolation=how)
        if p.resize_mode == P.FIT_LARGE_SIZE_AND_PAD:
            above, left = (p.height - tall) // 2, (p.width - wide) // 2
            made = cv2.copyMakeBorder(made, above, p.height - tall - above, left,
                                      p.width - wide - left, outside.border(p.pad_mode), value=fill)
        return made

    def fitted(self, height: int, width: int) -> tuple[np.float32, np.float32]:
        """Height and width of the picture when it is resized, before it is padded; rounded down
        they are its pixels."""
        p = self.param
        tall, wide = np.float32(p.height), np.float32(p.width)
        aspect = np.float32(width) / np.float32(height)
        if p.resize_mode == P.WARP:
            return tall, wide
        flat = aspect < wide / tall if p.resize_mode == P.FIT_SMALL_SIZE else aspect > wide / tall
        return (wide / aspect, wide) if flat else (tall, aspect * tall)

    def _placed(self, boxes: np.ndarray, height: int, width: int) -> np.ndarray:
        """Where the boxes are then."""
        boxes = boxes.copy()
        size = room = np.array(self.fitted(height, width)[::-1])
        if self.param.resize_mode == P.FIT_LARGE_SIZE_AND_PAD:
            room = np.array([self.param.width, self.param.height], np.float32)
        low, high = boxes[:, 2:4] * size, boxes[:, 4:6] * size
        margin = (room - size) / 2
        boxes[:, 2:4] = (margin + np.maximum(low, 0)) / room
        boxes[:, 4:6] = (margin + np.minimum(high, room)) / room
        return boxes

    def stretch(self, height: int, width: int) -> np.ndarray | None:
        """What the boxes' places, x and y, are to be multiplied by for each pixel of the picture
        that is left when it has been cut: with height_scale and width_scale. Else None.

        Args:
            height, width: of the picture before it is resized.
        """
        p = self.param
        if p.resize_mode != P.FIT_SMALL_SIZE or not (p.height_scale and p.width_scale):
            return None
        tall, wide = self.fitted(height, width)
        pixels = max(1, int(wide)), max(1, int(tall))
        return np.array([wide / pixels[0] / p.width_scale, tall / pixels[1] / p.height_scale],
                        np.float32)


class Resizes:
    """The resize_params of a layer.

    Args:
        params: one or more; of several, ``prob`` must add up to 1.

    Raises:
        ConfigError: they do not, or as ``Resize``.
    """

    def __init__(self, params: Sequence[caffe_pb2.ResizeParameter]) -> None:
        self._all = [Resize(param) for param in params]
        self._bounds = np.cumsum([param.prob for param in params], dtype=np.float64)
        if len(params) == 1:
            return
        if min(param.prob for param in params) < 0 or abs(self._bounds[-1] - 1) > NEAR_ONE:
            raise ConfigError("of several resize_params prob must add up to 1",
                              found=" + ".join(f"{param.prob:g}" for param in params))

    def of_batch(self, dice: Dice) -> Resize:
        """The one that a batch's pictures are resized by."""
        if len(self._all) == 1:
            return self._all[0]
        value = dice.uniform() * self._bounds[-1]
        return self._all[int(np.searchsorted(self._bounds, value, "right"))]
