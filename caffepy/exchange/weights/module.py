"""A PyTorch module of a net: its attributes, one line a layer in forward, and its state dict."""

from __future__ import annotations

import keyword
import re
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from caffepy.core.net import Net
from caffepy.core.node import Node
from caffepy.errors import ConfigError
from caffepy.exchange.weights import table
from caffepy.exchange.weights.line import Line

Array = np.ndarray[Any, Any]

# names in the file, and attributes of every module
TAKEN = {"self", "torch", "nn", "F", "float", "super"}
OF_MODULES = set(
    "T_destination add_module apply bfloat16 buffers call_super_init children compile cpu cuda "
    "double dump_patches eval extra_repr float forward get_buffer get_extra_state get_parameter "
    "get_submodule half ipu load_state_dict modules mtia named_buffers named_children "
    "named_modules named_parameters parameters register_backward_hook register_buffer "
    "register_forward_hook register_forward_pre_hook register_full_backward_hook "
    "register_load_state_dict_post_hook register_module register_parameter register_state_dict_"
    "pre_hook requires_grad_ set_extra_state set_submodule share_memory state_dict to to_empty "
    "train training type xpu zero_grad".split())
WIDTH = 100


@dataclass
class Module:
    """What was made of a net.

    Attributes:
        name: of the class.
        text: the file.
        probed: the same, but that it keeps the value of each line in ``seen``, by layer and top.
        steps: the keys of ``seen``, in order.
        state: the state dict.
        inputs, outputs: the blobs that forward takes and gives, in order.
    """

    name: str
    text: str
    probed: str
    steps: list[tuple[str, str]]
    state: dict[str, Array]
    inputs: list[str]
    outputs: list[str]


@dataclass
class _Draft:
    """The parts of the file so far."""

    attributes: list[str] = field(default_factory=list)
    lines: list[list[str]] = field(default_factory=list)  # those of a layer
    probes: list[list[str]] = field(default_factory=list)  # which keep what its lines give
    steps: list[tuple[str, str]] = field(default_factory=list)
    state: dict[str, Array] = field(default_factory=dict)
    helpers: dict[str, str] = field(default_factory=dict)
    unsaid: list[tuple[Node, str]] = field(default_factory=list)


def written(net: Net, state: str) -> Module:
    """The module of a TEST net.

    Args:
        state: the name of the file that the state dict goes into.

    Raises:
        ConfigError: layers that have no line, all of them.
    """
    draft = _Draft()
    attributes = _Names({"_", "seen"} | OF_MODULES)
    variables = _Names(TAKEN)
    values: dict[str, str] = {}  # blob to variable
    inputs = [node for node in net.nodes if node.layer.waits]
    given = [top for node in inputs for top in node.top_names]
    for name in given:
        values[name] = variables.of(name)
    for node in net.nodes:
        if node in inputs:
            continue
        if node.layer.splits:
            values.update(dict.fromkeys(node.top_names, values[node.bottom_names[0]]))
            continue
        _add(draft, node, values, attributes, variables)
    if draft.unsaid:
        raise _refused(draft.unsaid, net)
    order = {top: node.number for node in net.nodes for top in node.top_names}
    outputs = sorted((name for name in net.output_names if name not in given),
                     key=order.__getitem__)
    name = _class_name(net.name)

    def text(probed: bool) -> str:
        body = [line for lines, probes in zip(draft.lines, draft.probes, strict=True)
                for line in (*lines, *(probes if probed else ()))]
        return "\n".join([
            _head(net, name, state, given, outputs), *draft.helpers.values(), "",
            f"class {name}(nn.Module):", "    def __init__(self):", "        super().__init__()",
            *(f"        {line}" for line in draft.attributes), "",
            f"    def forward(self, {', '.join(values[one] for one in given)}):",
            *(f"        {line}" for line in body),
            f"        return {', '.join(values[one] for one in outputs)}", ""])

    return Module(name, text(False), text(True), draft.steps, draft.state, given, outputs)


def _add(draft: _Draft, node: Node, values: dict[str, str], attributes: _Names, variables: _Names
         ) -> None:
    """The line of one layer, and what it needs."""
    line = Line(node, [values.get(name, "?") for name in node.bottom_names], attributes.of)
    try:
        expression = table.find(node.layer.spec)(line)
    except table.NoLine as reason:
        draft.unsaid.append((node, str(reason)))
        expression = "?"
    tops = [variables.of(name) for name in node.top_names]
    values.update(zip(node.top_names, tops, strict=True))
    draft.attributes += line.attributes
    draft.state |= line.state
    draft.helpers |= line.helpers
    if not tops:
        return
    draft.lines.append(_wrapped(f"{', '.join(tops)} = {expression}"))
    keys = [(node.layer.name, name) for name in node.top_names]
    draft.steps += keys
    draft.probes.append([f"self.seen[{key!r}] = {top}"
                         for key, top in zip(keys, tops, strict=True)])


def _wrapped(text: str) -> list[str]:
    """A line as it is, or broken behind commas where it is too long. The first comma must lie in
    brackets, as of a call; then all do."""
    room, start = WIDTH - 8, text.find(", ")
    if len(text) <= room or "(" not in text[:start]:
        return [text]
    lines = [""]
    for part in re.split(r"(?<=, )", text):
        if len(lines[-1]) + len(part) > room and lines[-1]:
            lines.append("    ")
        lines[-1] += part
    return [one.rstrip() for one in lines]


class _Names:
    """Python names, each for one thing."""

    def __init__(self, taken: set[str]) -> None:
        self.taken = set(taken)
        self.given: dict[str, str] = {}

    def of(self, name: str) -> str:
        """The name that stands for another one; always the same."""
        if name not in self.given:
            plain = re.sub(r"\W", "_", name, flags=re.ASCII)
            if not plain or plain[0].isdigit():
                plain = f"_{plain}"
            free, number = plain, 2
            while free in self.taken or keyword.iskeyword(free):
                free, number = f"{plain}_{number}", number + 1
            self.taken.add(free)
            self.given[name] = free
        return self.given[name]


def _class_name(name: str) -> str:
    words = re.findall(r"[A-Za-z0-9]+", name)
    joined = "".join(word[:1].upper() + word[1:] for word in words) or "Net"
    return joined if not joined[0].isdigit() else f"Net{joined}"


def _head(net: Net, name: str, state: str, given: list[str], outputs: list[str]) -> str:
    shapes = "; ".join(f"{one} {' x '.join(map(str, net.blobs[one].shape))}" for one in given)
    return f'''"""{net.name or "A net"}, as a PyTorch module. Written by `caffepy convert`.

    net = {name}()
    net.load_state_dict(torch.load("{state}"))
    net.eval()

Inputs: {shapes}. Outputs: {', '.join(outputs)}.
"""

import torch
from torch import nn
from torch.nn import functional as F
'''


def _refused(found: list[tuple[Node, str]], net: Net) -> ConfigError:
    error = ConfigError("the net has layers that have no line in PyTorch", found=str(len(found)),
                        where=f"net '{net.name}'")
    error.more = "\n".join(f"    {node.layer.name} ({node.layer.type}): {reason}"
                           for node, reason in found)
    return error
