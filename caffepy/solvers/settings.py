"""What a solver file's settings may be: the rest is refused before anything is built."""

from __future__ import annotations

import math
import os
from typing import Any

import numpy as np
from google.protobuf.descriptor import FieldDescriptor

from caffepy.errors import ConfigError
from caffepy.proto.paths import path_of, paths_of
from caffepy.solvers import average, clipping, keep, local_rate, momentum, nets, rate, rule
from caffepy.solvers.located import MissingFile
from caffepy.solvers.updater import check_regularization

AT_LEAST = {"iter_size": 1, "average_loss": 1, "max_iter": 0, "display": 0, "snapshot": 0,
            "test_interval": 0, "snapshot_keep": 0}


def check(p: Any, root: bool = True) -> None:
    """Refuse what could not train, or would go wrong in the middle of it.

    Args:
        root: whether this worker writes the snapshots.

    Raises:
        CaffeError: the setting that is wrong, which ``field`` names if it is one.
    """
    for field, value in p.ListFields():
        if field.cpp_type == FieldDescriptor.CPPTYPE_FLOAT and not math.isfinite(value) \
                and not (field.name == "clip_gradients" and value > 0):  # inf: no clipping
            raise ConfigError(f"{field.name} is no finite number", found=value, field=field.name)
    rate.check(p)
    momentum.check(p)
    local_rate.check(p)
    clipping.check(p)
    average.check(p)
    check_regularization(p)
    for name, least in AT_LEAST.items():
        if (value := getattr(p, name)) < least:
            allowed = f"be at least {least}" if least else "not be negative"
            raise ConfigError(f"{name} must {allowed}", found=value, field=name)
    prefix = path_of(p, "snapshot_prefix")
    if "\0" in prefix:
        raise ConfigError("no file has a NUL in its name", found=repr(prefix),
                          field="snapshot_prefix")
    for path in nets.weight_files(paths_of(p, "weights")):
        if not os.path.exists(path):
            raise MissingFile("weights", path)
    nets.test_sources(p)
    rule.get(p.type)(p, np)
    if p.snapshot and root:
        keep.check_writable(p)
