"""Verbs about the session as a whole: CPU or GPU, the version, an end to all nets."""

from __future__ import annotations

from caffepy import mode
from caffepy.matlab.handles import Table
from caffepy.matlab.verbs import verb


@verb
def set_mode_cpu(table: Table) -> None:
    mode.set_mode_cpu()


@verb
def set_mode_gpu(table: Table) -> None:
    mode.set_mode_gpu()


@verb
def set_device(table: Table, device_id: float) -> None:
    mode.set_device(int(device_id))


@verb
def set_random_seed(table: Table, seed: float) -> None:
    mode.set_random_seed(int(seed))


@verb
def get_init_key(table: Table) -> float:
    """What tells this session's handles from those before a reset."""
    return table.key


@verb
def reset(table: Table) -> None:
    """Forget all nets and solvers."""
    table.clear()


@verb
def held(table: Table) -> list[str]:
    """What nets and solvers there are, in the words that errors use for them."""
    return [entry.place for entry in table.entries.values() if not entry.owner]


@verb
def version(table: Table) -> str:
    """The release of Caffe whose words these are."""
    from caffepy.cli.gflags import CAFFE_VERSION

    return CAFFE_VERSION


@verb
def echo(table: Table, text: str) -> str:
    """The same: by it Octave finds the end of a reply that nobody has read."""
    return text
