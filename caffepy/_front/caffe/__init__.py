"""caffepy under the name that scripts know: ``import caffe``.

Only names live here; each is caffepy's own object, so both packages can be used in one program.
"""

from typing import TYPE_CHECKING, Any

import caffepy
from caffepy.net_spec import layers as layers
from caffepy.net_spec import params as params

if TYPE_CHECKING:
    from caffepy import *  # noqa: F403

__version__ = "1.0.0"  # the release whose interface this is; caffepy.__version__ is our own

__all__ = sorted({*caffepy.__all__} - {"__version__"})


def __getattr__(name: str) -> Any:
    return getattr(caffepy, name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
