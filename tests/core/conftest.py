"""Nets that never record, and counts of the graphs that were launched and the tapes played."""

import pytest
from recorded_passes import build


@pytest.fixture
def eager(monkeypatch):
    """Builds nets that never record."""

    def made(*args, **settings):
        with monkeypatch.context() as patch:
            patch.setenv("CAFFEPY_GRAPHS", "0")
            return build(*args, **settings)

    return made


@pytest.fixture
def launched(fake_gpu, monkeypatch):
    """How many graphs were launched."""
    graph = fake_gpu.cuda.Graph
    counts = []
    launch = graph.launch
    monkeypatch.setattr(graph, "launch",
                        lambda self, stream=None: counts.append(1) or launch(self, stream))
    return counts


@pytest.fixture
def played(monkeypatch):
    """How many steps each tape had that was played."""
    from caffepy.kernels.onednn.tape import Tape

    counts = []
    play = Tape.play
    monkeypatch.setattr(Tape, "play", lambda self: counts.append(len(self)) or play(self))
    return counts
