"""upgrade_net_proto_binary: a caffemodel of any age, in today's format."""

from __future__ import annotations

import click

from caffepy.cli import gflags


def upgrade(source: str, target: str) -> int:
    """Write ``source`` in today's format to ``target``, which may be the same file.

    Returns: 0; or 1 if something in it has no counterpart today (each is logged).

    Raises:
        CaffeError: ``source`` cannot be read (exit code 2), or ``target`` not be written.
    """
    from caffepy.errors import DataError
    from caffepy.proto import caffe_pb2, files, forkwire
    from caffepy.tools import _upgrade

    param = caffe_pb2.NetParameter()
    with _upgrade.reading(), files.mapped(source) as data:
        kind = files.sniff_bytes(data)
        if kind not in ("caffemodel", "unknown") or not len(data):
            fix = "upgrade_net_proto_text is for prototxt." if kind == "prototxt" else None
            raise DataError("this is no caffemodel", where=source,
                            found=f"a {kind} file" if len(data) else "an empty file", fix=fix)
        content = forkwire.ours(data, source)
        try:
            param.ParseFromString(content)
        except Exception as error:  # DecodeError; its class differs by protobuf's runtime
            raise DataError(f"a damaged caffemodel: {error}", where=source) from None
    return _upgrade.finish(param, "NetParameter binary", target, _upgrade.net(param, source),
                           _upgrade.as_binary)


@gflags.command(
    "upgrade_net_proto_binary",
    help="Bring the net and weights in NET_IN (.caffemodel), of whatever age, to today's format "
    "in NET_OUT.",
)
@click.argument("net_in")
@click.argument("net_out")
def main(net_in: str, net_out: str) -> int:
    return upgrade(net_in, net_out)


if __name__ == "__main__":
    main()
