"""The sides of a bench: caffepy, and PyTorch in two memory orders; opencv.py has OpenCV's DNN.

Each is an action that does one training step, or one forward pass. One that computes something
else than the others is an error.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from caffepy.core.context import Context
from caffepy.core.memory import Place
from caffepy.core.net import Net
from caffepy.errors import ConfigError
from caffepy.kernels.tuning import Choices
from caffepy.proto import caffe_pb2
from caffepy.services.bench.nets import SEED, fill_inputs
from caffepy.services.bench.side import AGREEMENT, DECAY, MOMENTUM, RATE, Action, Side

# Rounding makes near-ties fall differently (whether a ReLU is on, which value wins a pooling
# window). The loss hardly notices; the gradients of the first of many layers differ by per cents.
NEAR_TIES = 0.1
# A bias before a batch normalization has no gradient; what rounding leaves is not compared.
NOTHING = 1e-4  # of the largest gradient's norm
TF32 = 1e-2  # of losses and outputs, where either side may round factors to 11 bits
HALF = {"float16": 1e-2, "bfloat16": 5e-2}  # and where both round all activations
# In half precision gradients are those of so many times the loss, or float16 could not hold them.
SCALE = 1024.0


def ours(param: Any, classes: int, forward: bool, context: Context, choices: Choices
         ) -> tuple[Net, Side]:
    """caffepy's net as the command builds it, and the side that runs it.

    Args:
        choices: of kernels; without any in it the fixed rule's.
    """
    from caffepy.solvers.solver import Solver

    for engine in context.engines:
        engine.choices = choices
    if forward:
        net = Net(param, caffe_pb2.TEST, context=context, optimize=True)
        act: Action = net.launch_forward
    else:
        solver = Solver(
            caffe_pb2.SolverParameter(
                net_param=param, base_lr=RATE, lr_policy="fixed", momentum=MOMENTUM,
                weight_decay=DECAY, random_seed=SEED, snapshot_after_train=False,
            ),
            context=context, optimize=True,
        )
        net = solver.net

        def act() -> None:
            solver.step(1)

    fill_inputs(net, classes)
    net.forward()
    if context.accelerator:
        return net, Side(act, context.accelerator.synchronize)
    return net, Side(act)


def agree_with_each_other(net: Net, other: Net) -> None:
    """Both of caffepy's nets, of one seed, give the same outputs."""
    for (name, values, _), (_, others, _) in zip(net.outputs(), other.outputs(), strict=True):
        check(f"output '{name}'", others, values)


def device_name(gpu: int, precision: str | None = None) -> str:
    """Such as ``NVIDIA H100, TF32``, or ``NVIDIA H100, float16``."""
    from caffepy.kernels.cuda.libraries import cupy
    from caffepy.settings import Settings

    name = cupy().cuda.runtime.getDeviceProperties(gpu)["name"].decode()
    if precision in HALF:
        return f"{name}, {precision}"
    return f"{name}, TF32" if Settings.of().tf32 else f"{name}, float32"


def inference(torch: Any, twin: Any) -> Action:
    def act() -> None:
        with torch.inference_mode():
            twin.forward()

    return act


def training(torch: Any, twin: Any, **settings: Any) -> Action:
    """One step of SGD; ``settings`` are more of the optimizer's."""
    optimizer = torch.optim.SGD(
        twin.parameters, RATE, MOMENTUM, weight_decay=DECAY, **settings)
    if twin.precision == "float16":  # whose small gradients would be lost
        scaler = torch.amp.GradScaler("cuda")

        def scaled() -> None:
            optimizer.zero_grad(set_to_none=True)
            scaler.scale(twin.forward()).backward()
            scaler.step(optimizer)
            scaler.update()

        return scaled

    def act() -> None:
        optimizer.zero_grad(set_to_none=True)
        twin.forward().backward()
        optimizer.step()

    return act


def agree_on_outputs(net: Net, twin: Any, most: float = AGREEMENT) -> None:
    """Both sides give the same outputs."""
    twin.forward()
    for name, values, _ in net.outputs():
        if name in twin.blobs:
            check(f"output '{name}'", values, numbers(twin.blobs[name]), most)


def numbers(tensor: Any) -> np.ndarray:
    """A torch tensor as a flat array on the host, in C order."""
    return tensor.detach().float().cpu().contiguous().numpy().reshape(-1)


def agree_on_gradients(
    net: Net, twin: Any, most: float = AGREEMENT, half: bool = False
) -> None:
    """Both sides give the same loss and the same gradient of every parameter.

    In half precision of the last layer's alone. Farther from the loss they tell nothing: rounding
    only the weights of a fresh ResNet-50 to float16 changes its first gradients by half.

    Nets with dropout draw other masks on each side: they are compared with it turned off.
    """
    drop(net, twin, False)
    scale = SCALE if half else 1.0
    weigh(net, scale)
    try:
        net.clear_param_diffs()
        loss = net.forward()
        net.backward()
        theirs = twin.forward()
        (theirs * scale).backward()
        check("loss", np.array([loss]), numbers(theirs), most)
        pairs = [(parameter, numbers(other.grad))
                 for parameter, other in zip(net.parameters, twin.parameters, strict=True)
                 if parameter.lr_mult and other.grad is not None]
        if half:
            pairs = [pair for pair in pairs if pair[0].layer == pairs[-1][0].layer]
        largest = max((float(np.linalg.norm(gradient)) for _, gradient in pairs), default=0.0)
        for parameter, gradient in pairs:
            check(f"gradient {parameter.index} of layer '{parameter.layer}'",
                  parameter.blob.grads.read(Place.HOST).reshape(-1), gradient, NEAR_TIES,
                  NOTHING * largest)
    finally:
        weigh(net, 1.0)
        drop(net, twin, True)


def weigh(net: Net, scale: float) -> None:
    """Let backward begin at the losses' weights, times ``scale``."""
    for node in net.nodes:
        for blob, weight in node.loss_terms:
            blob.grads.overwrite(Place.HOST)[...] = weight * scale


def drop(net: Net, twin: Any, on: bool) -> None:
    """Turn dropout on or off on both sides; a GPU must then record its graphs anew."""
    for layer in net.layers:
        if hasattr(layer, "training"):
            layer.training = on
    twin.training = on
    net.executor.forget(changed=True)


def check(what: str, ours: np.ndarray, theirs: np.ndarray, most: float = AGREEMENT,
          least: float = 0.0) -> None:
    """Compare two results as a whole; ``most`` is the difference allowed, relative to the norm
    of theirs, or to ``least`` where that is larger."""
    norm = max(float(np.linalg.norm(theirs)), least, 1e-6)
    apart = np.inf
    if ours.shape == theirs.shape:
        apart = float(np.linalg.norm(ours - theirs)) / norm
    if apart > most:
        raise ConfigError(f"the sides disagree on the {what}, so their times mean nothing",
                          found=f"a relative difference of {apart:.2g}", allowed=most)
