"""upgrade_net_proto_text: a net's prototxt of any age, in today's format."""

from __future__ import annotations

import click

from caffepy.cli import flags, gflags


@gflags.command(
    "upgrade_net_proto_text",
    help="Bring the net in the prototxt NET_IN, of whatever age, to today's format in NET_OUT. "
    "Comments are lost.",
)
@click.argument("net_in")
@click.argument("net_out")
@flags.PLUGIN
def main(net_in: str, net_out: str) -> int:
    from caffepy.services import upgrading

    return upgrading.net_text(net_in, net_out)


if __name__ == "__main__":
    main()
