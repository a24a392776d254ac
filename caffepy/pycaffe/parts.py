"""What is in a net, under pycaffe's names: blobs, parameters, layers, and how they are wired."""

from __future__ import annotations

from collections import OrderedDict

from caffepy.core.blob import Blob
from caffepy.core.layer import Layer
from caffepy.core.net import Net as CoreNet
from caffepy.core.yielding import Yielding
from caffepy.pycaffe.inside import Inside, Named


class Parts:
    """The half of Net that only looks. What pycaffe has too cannot be set, as there."""

    _caffepy: Inside

    # names that pycaffe leaves to scripts, as fast-rcnn's net.name = "VGG16"
    name: Yielding[str] = Yielding(lambda net: net._caffepy.core.name)
    phase: Yielding[int] = Yielding(lambda net: net._caffepy.core.phase)
    core: Yielding[CoreNet] = Yielding(lambda net: net._caffepy.core)

    @property
    def layers(self) -> list[Layer]:
        """In order; of ``type: "Python"`` the user's own objects."""
        return self._caffepy.layers

    @property
    def blobs(self) -> OrderedDict[str, Blob]:
        """Blob name to blob, in the order of the prototxt."""
        return self._caffepy.blobs

    @property
    def params(self) -> OrderedDict[str, list[Blob]]:
        """Layer name to its parameter blobs (weights, then biases, ...)."""
        return self._caffepy.params

    @property
    def blob_loss_weights(self) -> OrderedDict[str, float]:
        """Blob name to its weight in the loss (0 where it has none)."""
        inside = self._caffepy
        return OrderedDict(zip(inside.blob_names, inside.blob_loss_weights, strict=True))

    @property
    def layer_dict(self) -> OrderedDict[str, Layer]:
        """Layer name to layer."""
        return Named(zip(self._caffepy.layer_names, self._caffepy.layers, strict=True))

    @property
    def inputs(self) -> list[str]:
        """Names of the blobs that Input layers declare."""
        return list(self._caffepy.core.input_names)

    @property
    def outputs(self) -> list[str]:
        """Names of the blobs that no layer consumes, sorted."""
        return list(self._caffepy.core.output_names)

    @property
    def top_names(self) -> OrderedDict[str, list[str]]:
        """Layer name to the names of its tops."""
        return self._caffepy.top_names

    @property
    def bottom_names(self) -> OrderedDict[str, list[str]]:
        """Layer name to the names of its bottoms."""
        return self._caffepy.bottom_names

    # -- what the original's own Python half was built on ----------------------------------

    @property
    def _blobs(self) -> list[Blob]:
        return self._caffepy.blob_list

    @property
    def _blob_names(self) -> list[str]:
        return self._caffepy.blob_names

    @property
    def _layer_names(self) -> list[str]:
        return self._caffepy.layer_names

    @property
    def _blob_loss_weights(self) -> list[float]:
        return self._caffepy.blob_loss_weights

    @property
    def _inputs(self) -> list[int]:
        return self._caffepy.inputs

    @property
    def _outputs(self) -> list[int]:
        return self._caffepy.outputs

    def _top_ids(self, i: int) -> list[int]:
        """Indices in ``_blobs`` of layer i's tops."""
        return self._caffepy.ids(self._caffepy.core.nodes[self._caffepy.checked(i)].tops)

    def _bottom_ids(self, i: int) -> list[int]:
        """Indices in ``_blobs`` of layer i's bottoms."""
        return self._caffepy.ids(self._caffepy.core.nodes[self._caffepy.checked(i)].bottoms)
