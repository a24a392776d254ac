"""RoIDataLayer: pictures with boxes (Fast and Faster R-CNN), from a script or of a folder.

bottom  none
top     data, N x 3 x H x W; with cfg.TRAIN.HAS_RPN im_info and gt_boxes, else rois, labels and,
        with BBOX_REG, bbox_targets, bbox_inside_weights and bbox_outside_weights (minibatch.py)
param   param_str: "'num_classes': 21"; caffepy's own: 'source': a folder like VOC2007, 'split':
        'trainval', 'label_map_file' of the classes' names, 'rows': True, 'cfg': settings

    solver = caffe.SGDSolver("solver.prototxt")
    solver.net.layers[0].set_roidb(roidb)

The roidb comes from a script, as above, or with ``source`` from the folder (datasets.pascal_voc);
there classes are VOC's 20, unless a label map says otherwise.

IMS_PER_BATCH entries make a batch. Each round has an order of its own, by ASPECT_GROUPING of pairs
that are both upright or both not; as in the original, what would be its last batch is left for
another round. Order and draws follow from the seed and the number of the batch: a resumed training,
which must be given the same roidb, goes on with the batches that it would have had. Several workers
share a round's batches out.

A TEST net takes the pictures of its ``source`` one by one in their order, with the scale of
cfg.TEST. With ``rows`` the third top is what AnnotatedData's label is, 1 x 1 x K x 8 in shares of
the picture, difficult objects among them: for DetectionEvaluate.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from caffepy.core.layer import Blobs
from caffepy.core.memory import Array
from caffepy.data.box_rows import as_list
from caffepy.errors import CaffeError, ConfigError, DataError
from caffepy.proto import caffe_pb2
from caffepy.standins import _rois
from caffepy.standins._layer import StandIn
from caffepy.standins.fast_rcnn.config import cfg
from caffepy.standins.roi_data_layer import _source
from caffepy.standins.roi_data_layer.minibatch import Entry, get_minibatch

PICTURES = ("data", "im_info", "gt_boxes")
BOXES = ("bbox_targets", "bbox_inside_weights", "bbox_outside_weights")


class RoIDataLayer(StandIn):
    bottoms = "0"
    tops = "3-6"

    def setup(self, bottom: Blobs, top: Blobs) -> None:
        given = self.settings("num_classes")
        self.classes: int = given["num_classes"]
        self.testing = self.phase == caffe_pb2.TEST and "source" in given
        self.rows = bool(given.get("rows"))
        self.roidb: Sequence[Entry] = ()
        self.order: tuple[tuple[int, int], Array] | None = None
        settings = cfg.TRAIN
        width = 4 * (2 if settings.AGNOSTIC else self.classes)
        shapes: dict[str, tuple[int, ...]] = {
            "data": (settings.IMS_PER_BATCH, 3, max(settings.SCALES), settings.MAX_SIZE)}
        if settings.HAS_RPN:
            shapes.update(im_info=(1, 3), gt_boxes=(1, 1, 1, 8) if self.rows else (1, 5))
        else:
            shapes.update(rois=(1, 5), labels=(1,))
            if settings.BBOX_REG:
                shapes.update({name: (1, width) for name in BOXES})
        self.names = list(shapes)
        if len(top) != len(shapes):
            self.fail(f"its tops are {', '.join(shapes)}", kind=ConfigError,
                      found=f"{len(top)} tops",
                      fix="cfg.TRAIN.HAS_RPN and BBOX_REG say which there are; set them before the "
                          "net is made.")
        for name, blob in zip(shapes, top, strict=True):
            blob.reshape(*self._shape(name, shapes[name]))
        if "source" in given:
            try:
                self.set_roidb(_source.roidb(given, self.testing))
            except CaffeError as error:
                raise error.at(f"{self.place_name}, param_str") from None

    def set_roidb(self, roidb: Sequence[Entry]) -> None:
        """The entries to train on, one a picture; see minibatch.py."""
        wanted = ["image", "flipped", "boxes", "gt_classes"]
        if not cfg.TRAIN.HAS_RPN:
            wanted = ["image", "flipped", "boxes", "max_overlaps", "max_classes"]
            wanted += ["bbox_targets"] if cfg.TRAIN.BBOX_REG else []
        wanted += ["width", "height"] if cfg.TRAIN.ASPECT_GROUPING else []
        for number, entry in enumerate(roidb):
            if missing := [name for name in wanted if name not in entry]:
                self.fail(f"entry {number} of the roidb lacks {', '.join(missing)}", kind=DataError,
                          found=", ".join(entry),
                          fix="prepare_roidb and add_bbox_regression_targets of "
                              "roi_data_layer.roidb compute what is more than a path and boxes.")
        self.roidb = roidb
        self.order = None

    def forward(self, bottom: Blobs, top: Blobs) -> None:
        if not len(self.roidb):
            self.fail("this layer has no pictures: its roidb comes from a script", kind=DataError,
                      fix="Call solver.net.layers[0].set_roidb(roidb) before the first step. "
                          "The command alone cannot train such a net.")
        # workers share them out
        number = self.drawn * self.context.size + self.context.rank
        generator = self.random()
        entries = [self.roidb[i] for i in self._batch(number)]
        try:
            blobs = get_minibatch(entries, self.classes, generator, self.testing)
        except CaffeError as error:
            raise error if error.where else error.at(self.place_name) from None
        if self.rows:
            blobs["gt_boxes"] = _label(entries[0])
        for name, blob in zip(self.names, top, strict=True):
            shape = self._shape(name, blobs[name].shape)
            blob.reshape(*shape)
            blob.data[...] = blobs[name].reshape(shape)

    def _shape(self, name: str, shape: tuple[int, ...]) -> tuple[int, ...]:
        return shape if name in PICTURES else _rois.shaped(shape, cfg.TRAIN)

    def _batch(self, number: int) -> Array:
        if self.testing:
            return np.array([number % len(self.roidb)])
        size, count = cfg.TRAIN.IMS_PER_BATCH, len(self.roidb)
        batches = max(1, -(-count // size) - 1)
        turn, number = divmod(number, batches)
        if self.order is None or self.order[0] != (self.context.seed, turn):
            generator = self.context.generator(f"{self.stream}/order", turn, common=True)
            self.order = (self.context.seed, turn), _order(self.roidb, generator)
        return self.order[1][number * size : (number + 1) * size]


def _order(roidb: Sequence[Entry], generator: np.random.Generator) -> Array:
    if not cfg.TRAIN.ASPECT_GROUPING:
        return generator.permutation(len(roidb))
    wide = np.array([entry["width"] >= entry["height"] for entry in roidb])
    both = np.concatenate([generator.permutation(np.flatnonzero(kind)) for kind in (wide, ~wide)])
    pairs = np.split(both, range(2, len(both), 2))
    return np.concatenate([pairs[i] for i in generator.permutation(len(pairs))])


def _label(entry: Entry) -> Array:
    """The objects as rows of AnnotatedData's label."""
    boxes = np.asarray(entry["boxes"], np.float64)
    sides = np.array([entry["width"], entry["height"]] * 2)
    difficult = entry.get("difficult", np.zeros(len(boxes)))
    rows = np.column_stack([entry["gt_classes"], np.arange(len(boxes)),
                            (boxes + [0, 0, 1, 1]) / sides, difficult])
    return as_list([rows[rows[:, 0] != 0]])
