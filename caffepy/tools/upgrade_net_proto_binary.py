"""upgrade_net_proto_binary: a caffemodel of any age, in today's format."""

from __future__ import annotations

import click

from caffepy.cli import flags, gflags


@gflags.command(
    "upgrade_net_proto_binary",
    help="Bring the net and weights in NET_IN (.caffemodel), of whatever age, to today's format "
    "in NET_OUT.",
)
@click.argument("net_in")
@click.argument("net_out")
@flags.PLUGIN
def main(net_in: str, net_out: str) -> int:
    from caffepy.services import upgrading

    return upgrading.net_binary(net_in, net_out)


if __name__ == "__main__":
    main()
