"""AdamW: Adam whose weight decay does not pass through the running means.

    w -= Adam's update of g + rate * weight_decay * w

where g has no decay. I. Loshchilov and F. Hutter, "Decoupled Weight Decay Regularization", ICLR
2019, arXiv:1711.05101, with the rate inside the decay, as PyTorch has it. With L1 it is the sign of
w instead of w. ``amsgrad`` as for Adam.
"""

from __future__ import annotations

from caffepy.solvers.adam import Adam
from caffepy.solvers.rule import rule


@rule("AdamW")
class AdamW(Adam):
    decoupled = True
    kernel = "adamw"
