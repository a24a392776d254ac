"""The layers of detectors: boxes, their losses, and what is found in the end."""
