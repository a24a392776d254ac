"""What a rule raises for what no layer of Caffe computes."""

from __future__ import annotations


class NotInCaffe(Exception):
    """A node that cannot be said in Caffe; the text is the reason."""
