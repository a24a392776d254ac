"""The names of ap_version, which the command shows without loading what they compute
(_average_precision.py)."""

NAMES = ("11point", "MaxIntegral", "Integral")
