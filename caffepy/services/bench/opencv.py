"""OpenCV's DNN as a side of a bench: the net as its importer reads it, forward alone."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from caffepy import log
from caffepy.core import graph, registry, traits, weights
from caffepy.core.memory import Place
from caffepy.core.net import Net
from caffepy.errors import ConfigError
from caffepy.proto.text import to_text
from caffepy.services.bench.side import Side
from caffepy.services.bench.sides import check

logger = log.get(__name__)


def opencv_side(net: Net, path: str, threads: int) -> dict[str, Side]:
    """OpenCV's importer and its forward pass, for deploy nets (Input layers).

    OpenCV lacks layers of forks, and has others by the names of some: then it is left out.
    """
    import cv2

    if not hasattr(cv2.dnn, "readNetFromCaffe") or not is_deploy(path):
        return {}
    forks = sorted({layer.type for layer in net.layers
                    if registry.of(layer.spec).dialect != registry.ORIGINAL})
    try:
        return {"OpenCV DNN": side(cv2, net, threads)}
    except (cv2.error, ConfigError) as error:
        if not forks:
            raise
        lines = [line for line in str(error).splitlines() if line.strip()]
        logger.warning("OpenCV is left out. The net has layers of forks (%s), and OpenCV says or "
                       "does otherwise: %s", ", ".join(forks), lines[0])
        return {}


def side(cv2: Any, net: Net, threads: int) -> Side:
    """OpenCV's forward pass, which gives what ours gives.

    Raises:
        ConfigError: it gives something else.
    """
    cv2.setNumThreads(threads)
    with tempfile.TemporaryDirectory() as folder:
        description, model = Path(folder, "net.prototxt"), Path(folder, "net.caffemodel")
        description.write_text(to_text(deploy_of(net)))
        net.save(model)
        other = cv2.dnn.readNetFromCaffe(str(description), str(model))
    inputs = {name: net.blobs[name].values.read(Place.HOST).copy() for name in net.input_names}

    def act() -> Any:
        for name, values in inputs.items():
            other.setInput(values, name)
        return other.forward()

    last = net.nodes[-1].top_names[0]  # which is what its forward gives
    (ours,) = (values for name, values, _ in net.outputs() if name == last)
    theirs = np.asarray(act()).reshape(-1)
    if net.layers[-1].detects:
        ours, theirs = rows(ours), rows(theirs)
    check("output", ours, theirs)
    return Side(act)


def rows(found: np.ndarray) -> np.ndarray:
    """What was found, by image, class and score, without OpenCV's rows of zeros and ours of -1."""
    whole = found.reshape(-1, 7)
    whole = whole[whole[:, 2] > 0]
    return whole[np.lexsort(whole[:, 2::-1].T)].reshape(-1)


def is_deploy(path: str) -> bool:
    from caffepy.core.upgrade import read_net_param

    return any(traits.of(layer).waits for layer in read_net_param(path)[0].layer)


def deploy_of(net: Net) -> Any:
    """The net's layers as a prototxt, splits taken out."""
    deploy = graph.without_splits(weights.header(net))
    for spec in deploy.layer:
        spec.ClearField("phase")
    return deploy
