"""A net in Graphviz' language, as Net.dump gives it."""

from __future__ import annotations

from caffepy.dnn.entries import Entries


def dot(entries: Entries) -> str:
    """A digraph: a box for each layer with its name and type, an arrow for each value."""
    def quoted(text: str) -> str:
        return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'

    lines = [f"\t{quoted(entry.name)} [label={quoted(entry.name)[:-1]}\\n{entry.type}\" shape=box]"
             for entry in entries]
    lines += [f"\t{quoted(name)} [label={quoted(name)} shape=ellipse]" for name in entries.inputs]
    for entry in entries:
        for pin in entry.bottoms:
            source = (entries.inputs[pin.output] if pin.entry == 0
                      else entries.entries[pin.entry].name)
            lines.append(f"\t{quoted(source)} -> {quoted(entry.name)}")
    return "digraph G {\n" + "".join(f"{line}\n" for line in lines) + "}\n"
