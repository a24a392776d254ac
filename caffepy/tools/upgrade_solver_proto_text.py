"""upgrade_solver_proto_text: a solver's prototxt of any age, in today's format."""

from __future__ import annotations

import click

from caffepy.cli import gflags


def upgrade(source: str, target: str) -> int:
    """Write ``source`` in today's format to ``target``, which may be the same file.

    Returns: 0; or 1 if something in its nets has no counterpart today (each is logged).

    Raises:
        CaffeError: ``source`` cannot be read (exit code 2), or ``target`` not be written.
    """
    from caffepy.core import registry
    from caffepy.core.upgrade import upgrade_solver
    from caffepy.proto import caffe_pb2, text
    from caffepy.tools import _upgrade

    param = caffe_pb2.SolverParameter()
    with _upgrade.reading():
        text.read(source, param, registry.names)
    return _upgrade.finish(param, "SolverParameter text", target, upgrade_solver(param, source),
                           _upgrade.as_text)


@gflags.command(
    "upgrade_solver_proto_text",
    help="Bring the solver in the prototxt SOLVER_IN, of whatever age, to today's format in "
    "SOLVER_OUT. Comments are lost.",
)
@click.argument("solver_in")
@click.argument("solver_out")
def main(solver_in: str, solver_out: str) -> int:
    return upgrade(solver_in, solver_out)


if __name__ == "__main__":
    main()
