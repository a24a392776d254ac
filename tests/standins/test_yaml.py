"""param_str and files of settings, in the ways in which public nets write them."""

import pytest

from caffepy.errors import ConfigError
from caffepy.standins._yaml import parse

FILE = """
# experiments/cfgs
EXP_DIR: faster_rcnn_end2end
TRAIN:
  HAS_RPN: True
  SCALES: [600, 700]   # pixels
  WEIGHT: -1.0

  INNER:
      A: 1
TEST:
  HAS_RPN: yes
PIXEL_MEANS: [[[102.9, 115.9, 122.7]]]
NONE:
"""


@pytest.mark.parametrize("text, expected", [
    ("'feat_stride': 16", {"feat_stride": 16}),
    ('"feat_stride": 16', {"feat_stride": 16}),
    ("feat_stride: 16", {"feat_stride": 16}),
    ("'feat_stride': 16 \n'scales': !!python/tuple [4, 8, 16, 32]",
     {"feat_stride": 16, "scales": [4, 8, 16, 32]}),
    ("{'feat_stride': 16, 'ratios': [0.333, .5, 1e-3], 'name': 'a b'}",
     {"feat_stride": 16, "ratios": [0.333, 0.5, 1e-3], "name": "a b"}),
    ("{feat_stride: 16, word: true, other: a word, none: ~}",
     {"feat_stride": 16, "word": True, "other": "a word", "none": None}),
    ("split: 'train'\nmean: (104.0, 1)\nnegative: -5", {
        "split": "train", "mean": (104.0, 1), "negative": -5}),
    (FILE, {"EXP_DIR": "faster_rcnn_end2end", "NONE": None, "TEST": {"HAS_RPN": True},
            "PIXEL_MEANS": [[[102.9, 115.9, 122.7]]],
            "TRAIN": {"HAS_RPN": True, "SCALES": [600, 700], "WEIGHT": -1.0, "INNER": {"A": 1}}}),
    ("", {}), ("{}", {}),
])
def test_what_is_understood(text, expected):
    assert parse(text) == expected


@pytest.mark.parametrize("text", ["16", "feat_stride = 16", "{1, 2}", "a: [1, 2", "a: 1\n  b: 2",
                                  "a:\n  b: 2\n c: 3", "{'a': __import__('os')}"])
def test_what_is_not(text):
    with pytest.raises(ConfigError, match="these settings are not understood"):
        parse(text)
