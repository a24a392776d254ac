"""caffepy.model_libs, under the name that SSD's scripts know."""

import sys

import caffepy.model_libs

sys.modules[__name__] = caffepy.model_libs
