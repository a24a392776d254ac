"""caffepy.net_spec, under pycaffe's name."""

import sys

import caffepy.net_spec

sys.modules[__name__] = caffepy.net_spec
