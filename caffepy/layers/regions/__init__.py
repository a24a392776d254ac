"""Layers of detectors in two stages: what is looked at are regions (rois) of a picture."""
