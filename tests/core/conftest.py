"""Nets that never record, and a count of the graphs that were launched."""

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
