"""lr_policy "plateau": the rate falls where the smoothed loss no longer does. SSD's.

    rate = base_lr gamma^k

k is the number of steps taken. An event is a new least smoothed loss, or a step; a step is taken
when plateau_winsize[k] iterations have passed since the last event. Each entry is used once.
"""

from __future__ import annotations

from typing import Any

from caffepy import log
from caffepy.solvers.state import TrainingState

logger = log.get(__name__)


def follow(p: Any, state: TrainingState) -> int:
    """Look at the smoothed loss of now, which the iteration's own loss belongs to.

    Returns: the number of steps taken.
    """
    if state.smoothed_loss < state.minimum_loss:
        state.minimum_loss, state.last_event = state.smoothed_loss, state.iter
    step = state.current_step
    if step < len(p.plateau_winsize) and state.iter >= state.last_event + p.plateau_winsize[step]:
        step += 1
        state.last_event = state.iter
        logger.info("Plateau Status: Iteration %d, step = %d", state.iter, step)
    if p.display and state.iter % p.display == 0 and state.last_event > state.iter - p.display:
        logger.info("Plateau Status: Iteration %d, current minimum_loss = %g", state.iter,
                    state.minimum_loss)
    return step
