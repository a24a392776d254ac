"""The roidb of a folder that a net names itself."""

from __future__ import annotations

from typing import Any

from caffepy.data import label_map
from caffepy.errors import ConfigError, DataError
from caffepy.standins.datasets.pascal_voc import CLASSES, Folder
from caffepy.standins.fast_rcnn.train import filter_roidb, get_training_roidb
from caffepy.standins.roi_data_layer.minibatch import Entry


def roidb(given: dict[str, Any], testing: bool) -> list[Entry]:
    """The entries of ``source``: for training those with boxes, mirrored ones among them; for
    testing all, with difficult objects.

    Args:
        given: the layer's param_str.

    Raises:
        ConfigError: no split, or other classes than num_classes. NotFound, DataError: as reading;
            nothing to train on.
    """
    if "split" not in given:
        raise ConfigError("a source has a split", found="no 'split'",
                          fix="Write: 'split': 'trainval', a file of ImageSets/Main.")
    path = given.get("label_map_file")
    names = dict(enumerate(CLASSES)) if path is None else label_map.read(path)
    if sorted(names) != list(range(given["num_classes"])):
        raise ConfigError("num_classes counts the classes, the background's 0 with them",
                          found=f"num_classes {given['num_classes']}",
                          allowed=f"{len(names)}, numbered from 0, of {path or 'VOC'}")
    classes = [names[label] for label in range(len(names))]
    found = Folder(given["source"], given["split"], classes, difficult=testing)
    if testing:
        return found.roidb
    kept = filter_roidb(get_training_roidb(found))
    if not kept:
        raise DataError("no picture of this image set has a box to learn from",
                        where=f"{given['source']}, {given['split']}",
                        found=f"{len(found.roidb)} pictures",
                        fix="Objects stand in Annotations/NAME.xml; difficult ones do not count.")
    return kept
