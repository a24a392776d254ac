"""The arithmetic of the hot layers: one set of names and signatures, several engines.

``operations`` declares the specs and contracts; ``reference`` has a kernel for each, written to
read like the formula; other engines have those they do faster. What an engine cannot do falls
through to the next: onednn and then reference on the CPU, cuda and then reference on a GPU.
"""

from __future__ import annotations

from dataclasses import replace

from caffepy import log
from caffepy.kernels.contract import Engine, Kernel, Spec, Unsupported
from caffepy.kernels.engines import CPU as NAMES
from caffepy.kernels.engines import choose_engines, engine, engine_class

__all__ = ["NAMES", "Engine", "Unsupported", "choose_engines", "engine", "engine_class", "plan"]

logger = log.get(__name__)


def plan(
    spec: Spec, context: object, engine: str | None = None, half: str | None = None
) -> Kernel:
    """The kernel for ``spec`` from the first of the context's engines that can do it.

    Args:
        engine: the name of one to ask before the reference engine, and no others, if the context
            has it.
        half: "float16" or "bfloat16": activations lie so if an engine can do that.
    """
    engines: list[Engine] = context.engines  # type: ignore[attr-defined]
    if engine and any(e.name == engine for e in engines):
        engines = [e for e in engines if e.name in (engine, "reference")]
    stored = [replace(spec, dtype=half)] if half else []  # type: ignore[call-arg]
    for wanted in (*stored, spec):
        for candidate in engines:
            try:
                return candidate.plan(wanted)
            except Unsupported as reason:
                logger.debug("%s cannot do %s: %s", candidate.name, wanted, reason)
    raise AssertionError(f"the reference engine lacks {type(spec).__name__}")
