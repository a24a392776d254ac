"""Lstm: long short-term memory, as junhyukoh's fork has it; LSTM is another layer.

bottom  x, T N x D, the N sequences' first steps, then their second ones; or T x N x D;
        optionally flags, T N: 0 where a sequence begins anew
top     h, T N x num_output or T x N x num_output
param   lstm_param { num_output: 256 clipping_threshold: 0 weight_filler { } bias_filler { }
        batch_size: N }

i, f, o = sigmoid and g = tanh of W x + U h' + b, where h' and c' are of the step before, and 0 at a
beginning; c = f c' + i g, h = o tanh(c). Blobs: W, 4 num_output x D, U, 4 num_output x num_output,
and b, gates in the order i, f, o, g. Without flags each call begins anew; with them state goes on
from the call before. clipping_threshold, if above 0, bounds the gradients of the gates' arguments.
batch_size counts for two axes alone. junhyukoh's, CTPN's and caffe_ocr's. As there the gradient of
U takes h' at beginnings, too. Their CPU code adds the first sequence's U h' to all others; this one
does what their GPU code does.
"""

from __future__ import annotations

from collections.abc import Sequence

from caffepy.core.layer import Blobs, Layer
from caffepy.core.memory import Array
from caffepy.core.registry import register
from caffepy.errors import ShapeError


@register("Lstm", dialect="lstm", param="lstm_param")
class Lstm(Layer):
    bottoms = "1-2"
    labels = (1,)
    keeps = ("bottom", "top")
    learns = ("weights of x", "weights of h", "bias")

    def setup(self, bottom: Blobs, top: Blobs) -> None:
        p = self.p
        if p.num_output < 1:
            self.fail("num_output must be at least 1", found=p.num_output)
        self.flat = bottom[0].ndim < 3
        self.width = bottom[0].count_from(1 if self.flat else 2)
        self.state: tuple[Array, Array] | None = None
        self.add_blob((4 * p.num_output, self.width), p.weight_filler)
        self.add_blob((4 * p.num_output, p.num_output), p.weight_filler)
        self.add_blob((4 * p.num_output,), p.bias_filler)

    def reshape(self, bottom: Blobs, top: Blobs) -> None:
        shape, hidden = bottom[0].shape, self.p.num_output
        items = self.p.batch_size if self.flat else shape[1]
        rows = shape[0] * (1 if self.flat else items)
        if len(shape) < 2 or (len(shape) < 3) != self.flat or (
                bottom[0].count != rows * self.width):
            self.fail("the bottom does not fit the weights", kind=ShapeError,
                      found=f"shape {shape}", allowed=f"{self.width} numbers a step")
        if items < 1 or rows % items:
            self.fail("the rows must be the steps of batch_size sequences", kind=ShapeError,
                      found=f"{rows} rows, batch_size {items}")
        if len(bottom) > 1 and bottom[1].count != rows:
            self.fail("there must be one flag for each step of each sequence", kind=ShapeError,
                      found=f"shape {bottom[1].shape}", allowed=f"{rows} flags")
        self.steps, self.items = rows // items, items
        top[0].reshape(*((rows,) if self.flat else shape[:2]), hidden)
        if self.state is not None and len(self.state[0]) != items:
            self.state = None  # it was another number of sequences'

    def multiply_adds(self, bottom: Blobs, top: Blobs) -> int:
        return top[0].count * 4 * (self.width + self.p.num_output)

    def forward(self, bottom: Blobs, top: Blobs) -> None:
        xp, hidden, items = self.xp, self.p.num_output, self.items
        w, u, b = (self.read(blob.values) for blob in self.blobs)
        x = self.read(bottom[0].values).reshape(-1, self.width)
        h = self.overwrite(top[0].values).reshape(self.steps, items, hidden)
        flags = xp.ones((self.steps, items, 1), self.dtype)
        before = [xp.zeros((items, hidden), self.dtype) for _ in range(2)]
        if len(bottom) > 1:
            flags[...] = self.read(bottom[1].values).reshape(flags.shape) != 0
            if self.state is not None:
                before = list(self.state)
        else:
            flags[0] = 0
        self.first, self.flags = before, flags
        gates = (xp.matmul(x, w.T) + b).reshape(self.steps, items, 4 * hidden)
        self.gates = xp.empty_like(gates)
        self.cells = xp.empty_like(h)
        last_h, last_c = before
        for t in range(self.steps):
            z = gates[t] + flags[t] * xp.matmul(last_h, u.T)
            gate = self.gates[t]
            gate[:, : 3 * hidden] = 0.5 * xp.tanh(0.5 * z[:, : 3 * hidden]) + 0.5
            gate[:, 3 * hidden :] = xp.tanh(z[:, 3 * hidden :])
            i, f, o, g = self._parts(gate)
            f *= flags[t]
            self.cells[t] = f * last_c + i * g
            h[t] = o * xp.tanh(self.cells[t])
            last_h, last_c = h[t], self.cells[t]
        self.state = last_h.copy(), last_c.copy()

    def _parts(self, gates: Array) -> list[Array]:
        """Views of i, f, o and g."""
        hidden = self.p.num_output
        return [gates[..., k * hidden : (k + 1) * hidden] for k in range(4)]

    def _arguments(self, top: Blobs) -> Array:
        """The gradients of the gates' arguments, T x N x 4 num_output."""
        xp, hidden = self.xp, self.p.num_output
        u = self.read(self.blobs[1].values)
        dy = self.read(top[0].grads).reshape(self.steps, self.items, hidden)
        dz = xp.empty_like(self.gates)
        dh, dc = (xp.zeros((self.items, hidden), self.dtype) for _ in range(2))
        for t in range(self.steps - 1, -1, -1):
            i, f, o, g = self._parts(self.gates[t])
            last_c = self.cells[t - 1] if t else self.first[1]
            squashed = xp.tanh(self.cells[t])
            dh = dh + dy[t]
            dc = dc + dh * o * (1 - squashed * squashed)
            di, df, do, dg = self._parts(dz[t])
            di[...] = dc * g * i * (1 - i)
            df[...] = dc * last_c * f * (1 - f)
            do[...] = dh * squashed * o * (1 - o)
            dg[...] = dc * i * (1 - g * g)
            bound = self.p.clipping_threshold
            if bound > 0:
                xp.clip(dz[t], -bound, bound, out=dz[t])
            dc = dc * f
            dh = self.flags[t] * xp.matmul(dz[t], u)
        return dz

    def backward(self, top: Blobs, propagate_down: Sequence[bool], bottom: Blobs) -> None:
        xp, hidden = self.xp, self.p.num_output
        dz = self._arguments(top)
        rows = dz.reshape(-1, 4 * hidden)
        if self.param_propagate_down[0]:
            x = self.read(bottom[0].values).reshape(-1, self.width)
            self.accumulate(self.blobs[0].grads, xp.matmul(rows.T, x))
        if self.param_propagate_down[1]:
            h = self.read(top[0].values).reshape(self.steps, self.items, hidden)
            last = xp.concatenate([self.first[0][None], h[:-1]]).reshape(-1, hidden)
            self.accumulate(self.blobs[1].grads, xp.matmul(rows.T, last))
        if self.param_propagate_down[2]:
            self.accumulate(self.blobs[2].grads, rows.sum(axis=0))
        if propagate_down[0]:
            dx = self.overwrite(bottom[0].grads)
            dx[...] = xp.matmul(rows, self.read(self.blobs[0].values)).reshape(dx.shape)
