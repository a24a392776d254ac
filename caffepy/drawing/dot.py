"""A graph in Graphviz's language, and Graphviz where it is installed."""

from __future__ import annotations

import shutil
import subprocess

from caffepy.drawing.graph import Graph
from caffepy.errors import CaffeError, NotFound


def to_dot(graph: Graph, rankdir: str) -> str:
    """The text of a .dot file."""
    lines = [f"digraph {_quoted(graph.name)} {{", f"  rankdir={rankdir};",
             '  node [style=filled, fontname="Helvetica"];']
    for i, node in enumerate(graph.nodes):
        shape = "octagon" if node.blob else "box"
        label = "\n".join([*node.text(rankdir in ("TB", "BT")), *node.within])
        lines.append(f'  n{i} [label={_quoted(label)}, shape={shape}, fillcolor="{node.color}"];')
    lines += [f"  n{tail} -> n{head};" for tail, head in graph.edges]
    return "\n".join([*lines, "}", ""])


def _quoted(text: str) -> str:
    text = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{text}"'


def installed() -> bool:
    """Whether Graphviz is."""
    return shutil.which("dot") is not None


def run_graphviz(text: str, ext: str) -> bytes:
    """What the program ``dot`` makes of a .dot file.

    Raises:
        NotFound: Graphviz is not installed. CaffeError: it cannot write that format.
    """
    program = shutil.which("dot")
    if program is None:
        raise NotFound(f"Graphviz's program dot is needed for .{ext}, and is not on the PATH",
                       fix="Install Graphviz, or draw svg, pdf or png, which need nothing.")
    done = subprocess.run([program, f"-T{ext}"], input=text.encode(), capture_output=True,
                          check=False)
    if done.returncode:
        raise CaffeError(f"Graphviz cannot draw .{ext}: {done.stderr.decode().strip()}")
    return done.stdout
