"""pycaffe's Net and Solver, on top of the engine.

Blobs are the engine's own: their ``data`` and ``diff`` are writable float32 views that may be
kept; a value written into one before a call is used by it, and the view shows the newest value
after it.
"""

from __future__ import annotations

import os
from collections import OrderedDict
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from caffepy import mode
from caffepy.core import registry
from caffepy.core.blob import Blob
from caffepy.core.layer import Layer
from caffepy.core.net import Net as CoreNet
from caffepy.errors import ConfigError, NotFound, ShapeError, did_you_mean
from caffepy.proto import caffe_pb2

Path = str | os.PathLike[str]
Hook = Callable[[int], None]


class Net:
    """A network, as pycaffe has it.

        Net(network_file, phase, level=0, stages=None, weights=None)
        Net(network_file, weights, phase)          # the old order

    Args:
        network_file: a prototxt.
        phase: caffepy.TRAIN or caffepy.TEST.
        level, stages: for include and exclude rules.
        weights: a .caffemodel or .caffemodel.h5 to copy parameters from.

    Raises:
        CaffeError: the file, the net in it or the weights are wrong. The process and other nets
            are not affected.
    """

    def __init__(
        self,
        network_file: Path,
        *args: Any,
        phase: int | None = None,
        level: int = 0,
        stages: Sequence[str] | None = None,
        weights: Path | None = None,
    ) -> None:
        if args and isinstance(args[0], (str, os.PathLike)):
            weights, *rest = args
        else:
            rest = list(args)
        names = ("phase",) if weights is not None else ("phase", "level", "stages", "weights")
        given = dict(zip(names, rest, strict=False))
        phase = given.get("phase", phase)
        if phase is None:
            raise ConfigError("Net needs a phase", allowed="caffepy.TRAIN or caffepy.TEST")
        self._set_up(CoreNet(
            network_file, phase, level=given.get("level", level),
            stages=given.get("stages", stages) or (), context=mode.new_context(),
        ))
        weights = given.get("weights", weights)
        if weights is not None:
            self.copy_from(weights)

    @classmethod
    def of(cls, core: CoreNet) -> Net:
        """The pycaffe face of a net that a solver owns."""
        net = cls.__new__(cls)
        net._set_up(core)
        return net

    def _set_up(self, core: CoreNet) -> None:
        self.core = core
        self._before_forward: list[Hook] = []
        self._after_forward: list[Hook] = []
        self._before_backward: list[Hook] = []
        self._after_backward: list[Hook] = []

    # -- what is in it --------------------------------------------------------------------

    @property
    def name(self) -> str:
        return self.core.name

    @property
    def blobs(self) -> OrderedDict[str, Blob]:
        """Blob name to blob, in the order of the prototxt."""
        return OrderedDict(self.core.blobs)

    @property
    def blob_loss_weights(self) -> OrderedDict[str, float]:
        """Blob name to its weight in the loss."""
        return OrderedDict((name, self.core.loss_weights.get(name, 0.0))
                           for name in self.core.blobs)

    @property
    def params(self) -> OrderedDict[str, list[Blob]]:
        """Layer name to its parameter blobs (weights, then biases, ...)."""
        return OrderedDict(self.core.params)

    @property
    def layers(self) -> list[Layer]:
        return self.core.layers

    @property
    def layer_dict(self) -> OrderedDict[str, Layer]:
        return OrderedDict((layer.name, layer) for layer in self.core.layers)

    @property
    def inputs(self) -> list[str]:
        """Names of the blobs that Input layers declare."""
        return list(self.core.input_names)

    @property
    def outputs(self) -> list[str]:
        """Names of the blobs that no layer consumes, sorted."""
        return list(self.core.output_names)

    @property
    def top_names(self) -> OrderedDict[str, list[str]]:
        return OrderedDict(zip(self.core.layer_names, self.core.top_names, strict=True))

    @property
    def bottom_names(self) -> OrderedDict[str, list[str]]:
        return OrderedDict(zip(self.core.layer_names, self.core.bottom_names, strict=True))

    # -- running it -----------------------------------------------------------------------

    def forward(
        self,
        blobs: Sequence[str] | None = None,
        start: str | None = None,
        end: str | None = None,
        **inputs: Any,
    ) -> dict[str, np.ndarray[Any, Any]]:
        """Run the net, or the layers from ``start`` to ``end`` (names, both included).

        Args:
            blobs: names to return besides the outputs.
            inputs: an array for each input blob, of its batch size.

        Returns:
            Blob name to its values: the outputs, or the tops of ``end``.
        """
        first = self._layer_index(start) if start is not None else 0
        last = self._layer_index(end) if end is not None else len(self.core.layers) - 1
        names = self.core.top_names[last] if end is not None else self.core.output_names
        names = list(dict.fromkeys([*names, *(blobs or [])]))
        self._fill(inputs, self.core.input_names, "Input", lambda blob: blob.data)
        with self.core.public_call():
            for i in range(first, last + 1):
                for hook in self._before_forward:
                    hook(i)
                self.core.forward_layer(i)
                for hook in self._after_forward:
                    hook(i)
        return {name: self.core.blob(name).data for name in names}

    def backward(
        self,
        diffs: Sequence[str] | None = None,
        start: str | None = None,
        end: str | None = None,
        **tops: Any,
    ) -> dict[str, np.ndarray[Any, Any]]:
        """Run the gradients, or those of the layers from ``start`` down to ``end``.

        Args:
            diffs: names of blobs whose gradients to return besides the inputs'.
            tops: a gradient for each output blob.

        Returns:
            Blob name to its gradient: the inputs, or the bottoms of ``end``.
        """
        first = self._layer_index(start) if start is not None else len(self.core.layers) - 1
        last = self._layer_index(end) if end is not None else 0
        names = self.core.bottom_names[last] if end is not None else self.core.input_names
        names = list(dict.fromkeys([*names, *(diffs or [])]))
        self._fill(tops, self.core.output_names, "Top diff", lambda blob: blob.diff)
        with self.core.public_call():
            for i in range(first, last - 1, -1):
                for hook in self._before_backward:
                    hook(i)
                if self.core.needs_backward[i]:
                    self.core.backward_layer(i)
                for hook in self._after_backward:
                    hook(i)
        return {name: self.core.blob(name).diff for name in names}

    def _fill(self, arrays: dict[str, Any], names: list[str], what: str,
              view: Callable[[Blob], Any]) -> None:
        if not arrays:
            return
        if set(arrays) != set(names):
            raise ConfigError(f"{what} blob arguments do not match net {what.lower()}s",
                              found=", ".join(arrays), allowed=", ".join(names))
        for name, array in arrays.items():
            blob = self.core.blob(name)
            if np.shape(array)[:1] != blob.shape[:1]:
                raise ShapeError(f"{what} is not batch sized", where=f"blob '{name}'",
                                 found=f"shape {np.shape(array)}", allowed=f"shape {blob.shape}",
                                 fix="Reshape the blob and the net first.")
            view(blob)[...] = array

    def _layer_index(self, name: str) -> int:
        names = self.core.layer_names
        if name not in names:
            raise NotFound(f"Unknown layer name {name}", where=f"net '{self.name}'",
                           fix=did_you_mean(name, names))
        return names.index(name)

    def reshape(self) -> None:
        """Give all blobs the shapes that follow from the inputs' present ones."""
        self.core.reshape()

    def clear_param_diffs(self) -> None:
        """Set the parameters' gradients to zero; backward adds to them."""
        with self.core.public_call():
            self.core.clear_param_diffs()

    def before_forward(self, hook: Hook) -> None:
        """Call ``hook(layer index)`` before each layer's forward."""
        self._before_forward.append(hook)

    def after_forward(self, hook: Hook) -> None:
        """Call ``hook(layer index)`` after each layer's forward."""
        self._after_forward.append(hook)

    def before_backward(self, hook: Hook) -> None:
        """Call ``hook(layer index)`` before each layer's backward."""
        self._before_backward.append(hook)

    def after_backward(self, hook: Hook) -> None:
        """Call ``hook(layer index)`` after each layer's backward."""
        self._after_backward.append(hook)

    # -- weights --------------------------------------------------------------------------

    def copy_from(self, weights: Path) -> None:
        """Copy parameters of layers of equal name from a .caffemodel or HDF5 file."""
        self.core.load(weights)

    def share_with(self, other: Net) -> None:
        """Use the other net's parameters for layers of equal name."""
        self.core.share_trained_layers(other.core)

    def save(self, path: Path) -> None:
        """Write a .caffemodel."""
        self.core.save(path)

    def save_hdf5(self, path: Path) -> None:
        """Write a .caffemodel.h5."""
        self.core.save_hdf5(path)

    def load_hdf5(self, path: Path) -> None:
        """Copy parameters from a .caffemodel.h5."""
        self.core.load(path)

    def __repr__(self) -> str:
        phase = caffe_pb2.Phase.Name(self.core.phase)
        count = sum(parameter.count for parameter in self.core.parameters)
        return (f"<Net {self.name!r}, {phase}: {len(self.core.layers)} layers, "
                f"{count:,} parameters>")


class Solver:
    """A solver, as pycaffe has it: get_solver(file), or SGDSolver(file) and its siblings."""

    solver_type: str | None = None

    def __init__(self, solver_file: Path) -> None:
        from caffepy.core.upgrade import read_solver_param
        from caffepy.solvers.solver import create_solver

        param, _ = read_solver_param(solver_file)
        if self.solver_type:
            param.type = self.solver_type
        context = mode.new_context() if param.random_seed < 0 else None
        self.core = create_solver(param, context=context)
        self._net = Net.of(self.core.net)
        self._test_nets = [Net.of(net) for net in self.core.test_nets]

    @property
    def net(self) -> Net:
        """The training net."""
        return self._net

    @property
    def test_nets(self) -> list[Net]:
        return self._test_nets

    @property
    def iter(self) -> int:
        """Iterations done."""
        return self.core.iter

    @property
    def lr(self) -> float:
        """The rate of the last step."""
        return self.core.rate

    @property
    def param(self) -> Any:
        """The SolverParameter."""
        return self.core.param

    def step(self, iterations: int) -> None:
        """Train for that many iterations, with tests, display and snapshots when due."""
        self.core.step(iterations)

    def solve(self, resume_file: Path | None = None) -> None:
        """Train until max_iter, from a .solverstate if one is given."""
        self.core.solve(resume_file)

    def snapshot(self) -> None:
        """Write the .caffemodel and .solverstate of now."""
        self.core.snapshot()

    def restore(self, path: Path) -> None:
        """Go on from a .solverstate or .solverstate.h5."""
        self.core.restore(path)


class SGDSolver(Solver):
    solver_type = "SGD"


class NesterovSolver(Solver):
    solver_type = "Nesterov"


class AdaGradSolver(Solver):
    solver_type = "AdaGrad"


class RMSPropSolver(Solver):
    solver_type = "RMSProp"


class AdaDeltaSolver(Solver):
    solver_type = "AdaDelta"


class AdamSolver(Solver):
    solver_type = "Adam"


def get_solver(solver_file: Path) -> Solver:
    """The solver that the file's ``type`` names."""
    return Solver(solver_file)


def layer_type_list() -> list[str]:
    """The names of all layer types, sorted."""
    return registry.types()
