"""Looking a type up imports what registers it, and little else."""

import subprocess
import sys

from caffepy.core import registry

SCRIPT = """
import sys
from caffepy.core import registry
for type in ("ReLU", "Eltwise"):
    registry.get(type)
print(*sorted(name.rpartition(".")[2] for name in sys.modules
              if name.startswith("caffepy.layers.") and name in registry._modules()))
"""


def test_the_modules_of_a_type_are_named_after_it_or_none_is():
    """Else a look-up would find some of the classes that share a name, and miss others."""
    registry.discover()
    found = 0
    for name, entries in registry._entries.items():
        homes = [entry.cls.__module__ for entry in entries if not entry.cls.foreign]
        named = [home.rpartition(".")[2].replace("_", "").startswith(name.lower().replace("_", ""))
                 for home in homes]
        assert all(named) or not any(named), (name, homes)
        found += sum(named)
    assert found > 140


def test_other_layers_are_not_imported():
    said = subprocess.run([sys.executable, "-c", SCRIPT], stdout=subprocess.PIPE, text=True,
                          check=True).stdout.split()
    assert {"relu", "relu6", "eltwise", "eltwise_one", "eltwise_coeff_blob"} <= set(said)
    assert "convolution" not in said and len(said) < 40
