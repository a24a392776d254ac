"""The settings of py-faster-rcnn and R-FCN, with their defaults: ``cfg``, which scripts change.

    from fast_rcnn.config import cfg, cfg_from_file, cfg_from_list
    cfg.TRAIN.HAS_RPN = True
    cfg_from_file("experiments/cfgs/faster_rcnn_end2end.yml")

The modules here read it when they are used, not when they are loaded. Settings that only the
original's own programs read (where their outputs go, which GPU) are kept and mean nothing here.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from caffepy.errors import ConfigError, NotFound, did_you_mean
from caffepy.standins import _yaml


class Settings(dict[str, Any]):
    """A dictionary whose entries are attributes, too."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        try:
            return self[name]
        except KeyError:
            raise AttributeError(f"cfg has no {name}. {did_you_mean(name, self) or ''}") from None

    def __setattr__(self, name: str, value: Any) -> None:
        self[name] = value


cfg = Settings(
    TRAIN=Settings(
        # pictures: the shorter side is brought to one of SCALES, the longer to MAX_SIZE at most
        SCALES=(600,), MAX_SIZE=1000, IMS_PER_BATCH=2, USE_FLIPPED=True, ASPECT_GROUPING=True,
        # rois: how many of all pictures together, and which are foreground and background
        BATCH_SIZE=128, FG_FRACTION=0.25, FG_THRESH=0.5, BG_THRESH_HI=0.5, BG_THRESH_LO=0.1,
        # targets of their boxes
        BBOX_REG=True, BBOX_THRESH=0.5, BBOX_INSIDE_WEIGHTS=(1.0, 1.0, 1.0, 1.0),
        BBOX_NORMALIZE_TARGETS=True, BBOX_NORMALIZE_TARGETS_PRECOMPUTED=False,
        BBOX_NORMALIZE_MEANS=(0.0, 0.0, 0.0, 0.0), BBOX_NORMALIZE_STDS=(0.1, 0.1, 0.2, 0.2),
        AGNOSTIC=False,
        # anchors: which are positive and negative, and how many count
        HAS_RPN=False, RPN_POSITIVE_OVERLAP=0.7, RPN_NEGATIVE_OVERLAP=0.3,
        RPN_CLOBBER_POSITIVES=False, RPN_FG_FRACTION=0.5, RPN_BATCHSIZE=256,
        RPN_BBOX_INSIDE_WEIGHTS=(1.0, 1.0, 1.0, 1.0), RPN_POSITIVE_WEIGHT=-1.0,
        RPN_NORMALIZE_TARGETS=False, RPN_NORMALIZE_MEANS=None, RPN_NORMALIZE_STDS=None,
        # proposals
        RPN_NMS_THRESH=0.7, RPN_PRE_NMS_TOP_N=12000, RPN_POST_NMS_TOP_N=2000, RPN_MIN_SIZE=16,
        # the original's programs
        SNAPSHOT_ITERS=10000, SNAPSHOT_INFIX="", USE_PREFETCH=False,
        PROPOSAL_METHOD="selective_search",
    ),
    TEST=Settings(
        SCALES=(600,), MAX_SIZE=1000, NMS=0.3, SVM=False, BBOX_REG=True, HAS_RPN=False,
        PROPOSAL_METHOD="selective_search", RPN_NMS_THRESH=0.7, RPN_PRE_NMS_TOP_N=6000,
        RPN_POST_NMS_TOP_N=300, RPN_MIN_SIZE=16, AGNOSTIC=False,
    ),
    DEDUP_BOXES=1 / 16, PIXEL_MEANS=np.array([[[102.9801, 115.9465, 122.7717]]]), RNG_SEED=3,
    EPS=1e-14, ROOT_DIR=os.getcwd(), DATA_DIR=os.path.abspath("data"),
    MODELS_DIR=os.path.abspath(os.path.join("models", "pascal_voc")), MATLAB="matlab",
    EXP_DIR="default", USE_GPU_NMS=True, GPU_ID=0,
)


def cfg_from_file(filename: str) -> None:
    """Take settings from a file of experiments/cfgs.

    Raises:
        NotFound, ConfigError: no such file; a setting that there is not, or of another kind.
    """
    try:
        with open(filename) as file:
            given = _yaml.parse(file.read())
    except FileNotFoundError:
        raise NotFound("there is no such file of settings", where=filename) from None
    except ConfigError as error:
        raise error.at(filename) from None
    _merge(given, cfg, filename)


def cfg_from_list(cfg_list: Sequence[str]) -> None:
    """Take settings given in turn with their values: ``["TRAIN.HAS_RPN", "True"]``."""
    for key, value in zip(cfg_list[::2], cfg_list[1::2], strict=True):
        given: Any = _yaml.parse(f"value: {value}")["value"]
        for name in reversed(key.split(".")):
            given = {name: given}
        _merge(given, cfg, key)


def cfg_from_words(given: Any, where: str) -> None:
    """Take settings that a layer's param_str gives as ``cfg``: the name of a file, or the settings
    themselves, ``{'TRAIN': {'HAS_RPN': True}}``.

    Raises: as ``cfg_from_file``.
    """
    if isinstance(given, Mapping):
        _merge(given, cfg, where)
    elif isinstance(given, str):
        cfg_from_file(given)
    else:
        raise ConfigError("cfg is the name of a file or {name: value, ...}", where=where,
                          found=repr(given))


def _merge(given: Mapping[str, Any], into: Settings, where: str) -> None:
    for name, value in given.items():
        if name not in into:
            raise ConfigError(f"there is no setting {name}", where=where,
                              fix=did_you_mean(name, into))
        old = into[name]
        if isinstance(old, Settings) and isinstance(value, Mapping):
            _merge(value, old, where)
            continue
        if isinstance(old, np.ndarray):
            value = np.array(value, old.dtype)
        elif isinstance(old, (tuple, list)) and isinstance(value, (tuple, list)):
            value = type(old)(value)
        elif isinstance(old, float) and type(value) is int:
            value = float(value)
        if old is not None and type(old) is not type(value):
            raise ConfigError(f"the setting {name} is of another kind", where=where,
                              found=repr(value), allowed=f"like {old!r}")
        into[name] = value
