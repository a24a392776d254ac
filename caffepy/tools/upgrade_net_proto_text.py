"""upgrade_net_proto_text: a net's prototxt of any age, in today's format."""

from __future__ import annotations

import click

from caffepy.cli import gflags


def upgrade(source: str, target: str) -> int:
    """Write ``source`` in today's format to ``target``, which may be the same file.

    Returns: 0; or 1 if something in it has no counterpart today (each is logged).

    Raises:
        CaffeError: ``source`` cannot be read (exit code 2), or ``target`` not be written.
    """
    from caffepy.core import obeys, registry
    from caffepy.proto import caffe_pb2, text
    from caffepy.tools import _upgrade

    param = caffe_pb2.NetParameter()
    with _upgrade.reading():
        where = text.read(source, param, registry.names)
    notes = _upgrade.net(param, source)
    obeys.warn(param, where)
    return _upgrade.finish(param, "NetParameter text", target, notes, _upgrade.as_text)


@gflags.command(
    "upgrade_net_proto_text",
    help="Bring the net in the prototxt NET_IN, of whatever age, to today's format in NET_OUT. "
    "Comments are lost.",
)
@click.argument("net_in")
@click.argument("net_out")
def main(net_in: str, net_out: str) -> int:
    return upgrade(net_in, net_out)


if __name__ == "__main__":
    main()
