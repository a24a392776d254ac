"""extract_seconds: the time of each "Iteration" line of a log, in seconds from the start.

Log lines begin ``I1122 16:29:33.283150``, without a year: the year comes from the log file's
heading, or else from the file's own date. New versions of glog write the year too.
"""

from __future__ import annotations

import click

from caffepy.cli import gflags
from caffepy.proto.files import atomic_write
from caffepy.services.log_seconds import seconds


@gflags.command(
    "extract_seconds",
    help="Write the seconds from the start of each Iteration line of LOG to OUTPUT_FILE.",
)
@click.argument("log")
@click.argument("output_file")
def main(log: str, output_file: str) -> None:
    lines = "".join(f"{value:f}\n" for value in seconds(log))
    with atomic_write(output_file) as file:
        file.write(lines.encode())


if __name__ == "__main__":
    main()
