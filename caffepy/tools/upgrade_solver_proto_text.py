"""upgrade_solver_proto_text: a solver's prototxt of any age, in today's format."""

from __future__ import annotations

import click

from caffepy.cli import flags, gflags


@gflags.command(
    "upgrade_solver_proto_text",
    help="Bring the solver in the prototxt SOLVER_IN, of whatever age, to today's format in "
    "SOLVER_OUT. Comments are lost.",
)
@click.argument("solver_in")
@click.argument("solver_out")
@flags.PLUGIN
def main(solver_in: str, solver_out: str) -> int:
    from caffepy.services import upgrading

    return upgrading.solver_text(solver_in, solver_out)


if __name__ == "__main__":
    main()
