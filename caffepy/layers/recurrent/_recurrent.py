"""Base of RNN and LSTM: a cell that is run over time, its hidden state h flowing from step to step.

For each step t:  a_t = W_x x_t + b + W_s x_static + W_h (cont_t * h_{t-1});  h_t = cell(a_t, ...).

cont_t is 0 where a sequence begins, else 1, so that the state of another sequence is forgotten.
The state after the last step is where the next forward goes on, unless it is exposed.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from caffepy.core.blob import Blob
from caffepy.core.layer import Blobs, Layer
from caffepy.core.memory import Array, Tensor
from caffepy.errors import ShapeError
from caffepy.kernels.operations.inner_product import InnerProductKernel, InnerProductSpec

State = tuple[Array, ...]  # h, and for an LSTM c; each N x D


class Recurrent(Layer):
    """What differs between cells: ``gates``, ``states``, ``cell`` and ``cell_backward``.

    Shapes: T steps, N sequences side by side, D numbers of output, G gates of D numbers.
    """

    plans = (InnerProductSpec,)
    bottoms = "2-5"
    tops = "1-3"
    labels = (1,)
    gates: ClassVar[int]
    states: ClassVar[int]

    def cell(self, t: int, a: Array, state: State, cont: Array) -> State:
        """The state after step t. a: N x G D; cont: N x 1."""
        raise NotImplementedError

    def cell_backward(self, t: int, gradient: State) -> tuple[Array, State]:
        """The gradient of a, and of the state before step t as far as not by way of W_h."""
        raise NotImplementedError

    def multiply_adds(self, bottom: Blobs, top: Blobs) -> int:
        steps, streams = bottom[0].shape[:2]  # each step of each passes all matrices
        return steps * streams * sum(blob.count for blob in self.blobs if blob.ndim > 1)

    def setup(self, bottom: Blobs, top: Blobs) -> None:
        p = self.p
        exposed = self.states if p.expose_hidden else 0
        if len(bottom) - exposed not in (2, 3) or len(top) != 1 + exposed:
            self.fail("the bottoms are x, cont, optionally x_static, and with expose_hidden the "
                      "state; the tops are the output and with expose_hidden the state",
                      found=f"{len(bottom)} bottoms and {len(top)} tops",
                      allowed=f"{2 + exposed} or {3 + exposed} bottoms, {1 + exposed} tops")
        if p.num_output < 1:
            self.fail("num_output must be positive", found=p.num_output)
        self.static = bottom[2] if len(bottom) - exposed == 3 else None
        self.outer_state = bottom[len(bottom) - exposed :]
        self.labels = (1, *range(len(bottom) - exposed, len(bottom)))
        self.carried: State | None = None
        width = self.gates * p.num_output
        self.w_x = self.add_blob((width, bottom[0].count_from(2)), p.weight_filler)
        self.b = self.add_blob((width,), p.bias_filler)
        if self.static is not None:
            self.w_s = self.add_blob((width, self.static.count_from(1)), p.weight_filler)
        self.w_h = self.add_blob((width, p.num_output), p.weight_filler)

    def reshape(self, bottom: Blobs, top: Blobs) -> None:
        x, cont = bottom[:2]
        if x.ndim < 2 or cont.shape != x.shape[:2]:
            self.fail("x must be steps x sequences x ..., and cont steps x sequences",
                      kind=ShapeError, found=f"shapes {x.shape} and {cont.shape}")
        steps, sequences, size = *x.shape[:2], self.p.num_output
        if self.static is not None and self.static.shape[:1] != (sequences,):
            self.fail("x_static must have an item for each sequence", kind=ShapeError,
                      found=f"shape {self.static.shape} for {sequences} sequences")
        for blob in self.outer_state:
            if blob.shape != (1, sequences, size):
                self.fail("a state has the shape 1 x sequences x num_output", kind=ShapeError,
                          found=f"shape {blob.shape}", allowed=f"{(1, sequences, size)}")
        top[0].reshape(steps, sequences, size)
        for blob in top[1:]:
            blob.reshape(1, sequences, size)
        if self.carried is None or self.carried[0].shape != (sequences, size):
            self.carried = self._zeros(sequences)
        self.a = Blob((steps, sequences, self.gates * size), self.dtype, self.context.mover)
        self.h = Blob((steps, sequences, size), self.dtype, self.context.mover)
        self.of_x = self.product(x.count_from(2), self.gates * size)

    def product(self, k: int, n: int) -> InnerProductKernel:
        """The kernel for a matrix that is applied at all steps at once."""
        m = self.a.shape[0] * self.a.shape[1]
        kernel: InnerProductKernel = self.plan(
            InnerProductSpec(m, k, n, dtype=self.dtype.name))
        return kernel

    def _zeros(self, sequences: int) -> State:
        shape = sequences, self.p.num_output
        return tuple(self.xp.zeros(shape, self.dtype) for _ in range(self.states))

    def forward(self, bottom: Blobs, top: Blobs) -> None:
        self.of_x.forward(bottom[0].values, self.w_x.values, self.b.values, self.a.values)
        a = self.write(self.a.values)
        if self.static is not None:
            # (N, G D) = (N, K) @ (K, G D), the same at every step
            a += self._flat(self.static.values) @ self.read(self.w_s.values).T
        cont = self.read(bottom[1].values)[:, :, None]
        state = self.carried
        if self.outer_state:
            state = tuple(self.read(blob.values)[0] for blob in self.outer_state)
        assert state is not None
        w_h = self.read(self.w_h.values)
        h = self.overwrite(self.h.values)
        self.came_in = self.xp.empty_like(h)  # cont_t * h_{t-1}
        for t in range(len(a)):
            self.came_in[t] = cont[t] * state[0]
            # (N, G D) = (N, D) @ (D, G D)
            state = self.cell(t, a[t] + self.came_in[t] @ w_h.T, state, cont[t])
            h[t] = state[0]
        self.carried = state
        for blob, last in zip(top[1:], state, strict=False):
            self.overwrite(blob.values)[0] = last

    def back_in_time(self, bottom: Blobs, dh: Array, propagate_down: Sequence[bool]) -> None:
        """Gradients of bottoms and parameters from those of every step's h."""
        cont, w_h = self.read(bottom[1].values)[:, :, None], self.read(self.w_h.values)
        da = self.overwrite(self.a.grads)
        gradient = self._zeros(dh.shape[1])
        for t in reversed(range(len(dh))):
            da[t], gradient = self.cell_backward(t, (gradient[0] + dh[t], *gradient[1:]))
            # (N, D) = (N, G D) @ (G D, D)
            gradient = (gradient[0] + cont[t] * (da[t] @ w_h), *gradient[1:])
        wanted = dict(zip(map(id, self.blobs), self.param_propagate_down, strict=True))
        self.of_x.backward_weights(
            bottom[0].values, self.a.grads,
            self.w_x.grads if wanted[id(self.w_x)] else None,
            self.b.grads if wanted[id(self.b)] else None,
        )
        rows = da.reshape(-1, da.shape[2])
        if wanted[id(self.w_h)]:
            # (G D, D) = (G D, T N) @ (T N, D)
            self.accumulate(self.w_h.grads, rows.T @ self.came_in.reshape(len(rows), -1))
        if propagate_down[0]:
            self.of_x.backward_data(self.a.grads, self.w_x.values, bottom[0].grads)
        if self.static is not None:
            ds = da.sum(0)
            if wanted[id(self.w_s)]:
                self.accumulate(self.w_s.grads, ds.T @ self._flat(self.static.values))
            if propagate_down[2]:
                dx = ds @ self.read(self.w_s.values)
                self.overwrite(self.static.grads)[...] = dx.reshape(self.static.shape)

    def _flat(self, tensor: Tensor) -> Array:
        array = self.read(tensor)
        return array.reshape(len(array), -1)
