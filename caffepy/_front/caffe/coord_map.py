"""caffepy.coord_map, under pycaffe's name."""

import sys

import caffepy.coord_map

sys.modules[__name__] = caffepy.coord_map
