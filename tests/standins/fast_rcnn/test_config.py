"""py-faster-rcnn's settings: defaults, files, lists."""

import numpy as np
import pytest

from caffepy.errors import CaffeError
from caffepy.standins.fast_rcnn.config import cfg_from_file, cfg_from_list

FILE = """
EXP_DIR: faster_rcnn_end2end
TRAIN:
  HAS_RPN: True
  IMS_PER_BATCH: 1
  SCALES: [600]
  RPN_POSITIVE_OVERLAP: 1
PIXEL_MEANS: [[[1, 2, 3]]]
"""


def test_defaults(cfg):
    assert (cfg.TRAIN.RPN_PRE_NMS_TOP_N, cfg.TRAIN.RPN_POST_NMS_TOP_N) == (12000, 2000)
    assert (cfg.TEST.RPN_PRE_NMS_TOP_N, cfg["TEST"]["RPN_POST_NMS_TOP_N"]) == (6000, 300)
    assert cfg.TRAIN.RPN_NMS_THRESH == cfg.TEST.RPN_NMS_THRESH == 0.7
    assert cfg.TRAIN.BATCH_SIZE == 128 and cfg.TRAIN.RPN_BATCHSIZE == 256
    assert cfg.PIXEL_MEANS.ravel().tolist() == [102.9801, 115.9465, 122.7717]
    with pytest.raises(AttributeError, match="cfg has no RPN_NMS_TRESH. Did you mean RPN_NMS_THRE"):
        _ = cfg.TRAIN.RPN_NMS_TRESH


def test_settings_of_a_file(cfg, tmp_path):
    path = tmp_path / "settings.yml"
    path.write_text(FILE)
    cfg_from_file(str(path))
    assert cfg.TRAIN.HAS_RPN and cfg.TRAIN.IMS_PER_BATCH == 1 and cfg.TRAIN.SCALES == (600,)
    assert cfg.TRAIN.RPN_POSITIVE_OVERLAP == 1.0 and cfg.EXP_DIR == "faster_rcnn_end2end"
    assert isinstance(cfg.PIXEL_MEANS, np.ndarray) and cfg.PIXEL_MEANS.dtype == float
    assert cfg.TRAIN.BATCH_SIZE == 128


def test_settings_of_a_command_line(cfg):
    cfg_from_list(["TRAIN.HAS_RPN", "True", "EXP_DIR", "mine", "TRAIN.SCALES", "[3, 4]"])
    assert cfg.TRAIN.HAS_RPN is True and cfg.EXP_DIR == "mine" and cfg.TRAIN.SCALES == (3, 4)


@pytest.mark.parametrize("text, message", [
    ("TRAIN:\n  HAS_RNP: True", "there is no setting HAS_RNP. Did you mean HAS_RPN"),
    ("TRAIN:\n  HAS_RPN: 3", r"HAS_RPN is of another kind \(found 3; allowed: like False\)"),
    ("TRAIN: 3", "TRAIN is of another kind"), ("what?", "these settings are not understood")])
def test_settings_that_cannot_be(cfg, tmp_path, text, message):
    path = tmp_path / "settings.yml"
    path.write_text(text)
    with pytest.raises(CaffeError, match=f"{path}: .*{message}"):
        cfg_from_file(str(path))
    with pytest.raises(CaffeError, match="there is no such file"):
        cfg_from_file(str(path) + "x")
