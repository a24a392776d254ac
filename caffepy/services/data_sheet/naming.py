"""What the classes of a data layer are called."""

from __future__ import annotations

from typing import Any

from caffepy.core import traits
from caffepy.errors import CaffeError
from caffepy.proto.paths import path_of
from caffepy.services import class_names
from caffepy.services.picture_rule import PictureRule

Names = dict[int, str]


def names_of(layer: Any, rule: PictureRule) -> Names:
    """Those that a layer (a LayerParameter) names itself, or else labels.txt beside its data."""
    own = traits.of(layer).own(layer)
    if own is not None and "label_map_file" in own.DESCRIPTOR.fields_by_name:
        path = path_of(own, "label_map_file")
        try:
            return class_names.read(path, for_people=True) if path else dict(enumerate(rule.label))
        except CaffeError:  # it may be missing, as the layer itself has warned
            pass
    return dict(enumerate(rule.label))


def called(label: float, names: Names) -> str:
    """A label for people: its name and number, or the number alone."""
    if not float(label).is_integer():
        return f"{label:g}"
    whole = int(label)
    return f"{names[whole]} ({whole})" if whole in names else str(whole)
