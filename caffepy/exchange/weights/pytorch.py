"""A net as a PyTorch module, ``.py``, and its weights as the module's state dict, ``.pt``.

The module is text, which takes no PyTorch to write. The state dict does, and so does comparing.
"""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from caffepy.core.net import Net
from caffepy.errors import ConfigError
from caffepy.exchange import checking
from caffepy.exchange.files import Options
from caffepy.exchange.weights.module import Module, written
from caffepy.proto.files import atomic_write

Array = np.ndarray[Any, Any]
Key = tuple[str, str]  # a layer, and its top

SOURCE, STATE = ".py", ".pt"
CURE = "pip install torch"


def write(net: Net, path: Path, options: Options) -> list[str]:
    """Write the module, and its state dict beside it if PyTorch is there; or the latter alone.

    Raises:
        ConfigError: layers that have no line in PyTorch, all at once; or no PyTorch for a .pt.
        NumericError: the module gives other numbers.
    """
    torch = _torch()
    if torch is None and path.suffix != SOURCE:
        raise ConfigError("a state dict needs PyTorch", where=str(path), fix=CURE)
    module = written(net, path.with_suffix(STATE).name)
    told = []
    if torch is None:
        told.append(f"There is no PyTorch here: nothing was compared, and no "
                    f"{path.with_suffix(STATE).name} written. {CURE}; or load the weights from an "
                    ".npz.")
    elif options.check:
        told.append(compared(net, module, torch))
    if path.suffix == SOURCE:
        with atomic_write(path) as file:
            file.write(module.text.encode())
    if torch is not None:
        with atomic_write(path.with_suffix(STATE)) as file:
            torch.save(_tensors(module, torch), file)
        told.append(f"The state dict is in {path.with_suffix(STATE)}.")
    return told


def compared(net: Net, module: Module, torch: Any) -> str:
    """What is to be said of both on one input.

    Raises:
        NumericError: they differ; it names the first layer that does.
    """
    names: dict[str, Any] = {}
    exec(compile(module.probed, module.name, "exec"), names)
    built = names[module.name]()
    built.load_state_dict(_tensors(module, torch))
    built.eval()
    built.seen = {}
    inputs = checking.feed(net)
    given = [torch.from_numpy(np.array(inputs[name])) for name in module.inputs]

    def theirs(keys: Sequence[Key]) -> list[Array]:
        with torch.no_grad():
            built(*given)
        return [built.seen[key].numpy() for key in keys]

    steps = [checking.Pair(layer, (layer, top), (layer, top)) for layer, top in module.steps]
    last = {top: pair for (_, top), pair in zip(module.steps, steps, strict=True)}
    found = checking.compare(checking.net_side(net, inputs), theirs,
                             [last[name] for name in module.outputs], steps)
    return (f"PyTorch {torch.__version__} gives the same: largest difference "
            f"{found.absolute:.2g}, {found.relative:.2g} of the largest number")


def _tensors(module: Module, torch: Any) -> dict[str, Any]:
    return {name: torch.from_numpy(np.array(array)) for name, array in module.state.items()}


def _torch() -> Any:
    try:
        return importlib.import_module("torch")
    except ImportError:
        return None
