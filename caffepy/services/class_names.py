"""What labels are called: by a label map, or by a file with a name on each line."""

from __future__ import annotations

import re
from typing import Any

from caffepy.core import traits
from caffepy.core.upgrade import read_net_param
from caffepy.data import label_map
from caffepy.proto import textfile
from caffepy.proto.paths import path_of
from caffepy.services import prediction
from caffepy.services.folders import read_names
from caffepy.services.prediction import Asked

MAP = re.compile(r"^\s*item\s*\{", re.MULTILINE)


def read(path: str, for_people: bool = False) -> dict[int, str]:
    """The name of each label.

    Args:
        for_people: of a label map the display_name, where there is one.

    Raises:
        NotFound, DataError: the file. ConfigError: it looks as a LabelMap and is none.
    """
    if MAP.search(textfile.read_text(path)):
        return {item.label: (for_people and item.display_name) or item.name
                for item in label_map.read_items(path)}
    return {label: name for label, name in enumerate(read_names(path)) if name}


def for_net(param: Any, path: str = "") -> dict[int, str]:
    """The names in the file at ``path``, or else in the label map that a layer of a NetParameter
    has, if that file is there; {} if there is none.

    Raises: as ``read``, if there is a path.
    """
    if path:
        return read(path)
    for layer in param.layer:
        own = traits.of(layer).own(layer)
        for message in (own, getattr(own, "save_output_param", None)):
            if message is not None and "label_map_file" in message.DESCRIPTOR.fields_by_name:
                names = label_map.read_if_there(path_of(message, "label_map_file"))
                if names:
                    return names
    return {}


def for_detector(asked: Asked, path: str = "") -> dict[int, str]:
    """The same for a net that is asked about pictures; its picture_param may name classes, too."""
    param, _ = read_net_param(asked.path)
    names = for_net(param, path and prediction.here(path))
    return names or (dict(enumerate(asked.rule.label)) if asked.rule else {})
