"""Inner products."""

from __future__ import annotations

from caffepy.core.memory import Place
from caffepy.kernels.onednn import inner_product as onednn_inner_product
from caffepy.kernels.operations.inner_product import InnerProductSpec
from fuzz.cases import Case, family
from fuzz.draw import Draw
from fuzz.sides import Side


@family("InnerProduct kernel")
def inner_product(draw: Draw) -> Case:
    m, n = draw.integer(1, draw.pick((4, 20, 60))), draw.channels(100)
    x = (m, *draw.images(300)[1:]) if draw.chance() else (m, draw.integer(1, 300))
    k = 1
    for size in x[1:]:
        k *= size
    spec = InnerProductSpec(m, k, n, draw.chance(0.3), draw.chance(0.7),
                            training=draw.chance(0.7))
    w = (k, n) if spec.transpose else (n, k)
    data = [(draw.given(x), draw.given((m, n)), draw.parameter(w), draw.pick(
        [(True, True), (True, False), (False, True)]), draw.chance()) for _ in range(2)]
    bias, start = draw.parameter((n,)), draw.parameter(w)

    def play(side: Side) -> None:
        kernel = side.plan(spec)
        b, db = side.tensor(bias), side.empty((n,))
        ws, dw = side.tensor(data[0][2]), side.tensor(start)
        for xs, dys, others, wanted, renewed in data:
            if renewed:
                ws.overwrite(Place.HOST)[...] = side.array(others.values)
                dw.zero()
            given, dy = side.tensor(xs), side.tensor(dys)
            y, dx = side.blank((m, n)), side.blank(x)
            kernel.forward(given, ws, b if spec.bias else None, y)
            side.note("y", y)
            kernel.backward_data(dy, ws, dx)
            side.note("dx", dx)
            kernel.backward_weights(given, dy, dw if wanted[0] else None,
                                    db if wanted[1] and spec.bias else None)
            side.note("dw", dw)
            side.note("db", db)

    many = draw.pick((2**20, 1))
    return Case(str(spec), play, terms=max(m, n, k),
                knobs=[(onednn_inner_product, "MANY_WEIGHTS", many)])
