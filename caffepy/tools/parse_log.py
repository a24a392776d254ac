"""parse_log: a training log into two tables, one of training and one of testing.

    parse_log lenet.log .                   # makes ./lenet.log.train and ./lenet.log.test
    train, test = parse_log("lenet.log")    # the same as lists of dicts

Understood are all ways in which versions of Caffe and its forks wrote their lines:

    Iteration 100, loss = 0.17
    Iteration 100 (26.8 iter/s, 3.7s/100 iters), loss = 0.17
    Iteration 100 (26.8 iter/s, 3.7s/100 iter), 0.5/60ep, loss = 0.17
        Train net output #0: loss = 0.17 (* 1 = 0.17 loss)
    Iteration 100, lr = 0.01
    Iteration 500, Testing net (#0)
        Test net output #0: accuracy = 0.97
    Test score #0: 0.97                                      (the first version)

and the .jsonl that ``caffepy train`` writes (caffepy.solvers.measurements).

A row is what one display or one test of one net gave, as NumIters, Seconds, LearningRate and the
outputs by name. As in the original's tables a row has the learning rate last logged before it,
so the one of the display before; the first row takes the second's. (In a .jsonl each has its
own.) A blob of several values
becomes the columns ``name``, ``name[1]``, ``name[2]``...
"""

from __future__ import annotations

import click

from caffepy.cli import gflags
from caffepy.errors import ConfigError
from caffepy.services import log_tables
from caffepy.services.log_reading import check_folder, parse_log, read, save_csv_files


@gflags.command(
    "parse_log",
    help="Parse the training log LOGFILE_PATH into two tables in the folder OUTPUT_DIR: "
    "<log>.train and <log>.test.",
)
@click.argument("logfile_path")
@click.argument("output_dir")
@gflags.flag("verbose", bool, False, "Say which files are written.")
@gflags.flag("delimiter", str, ",", "What separates the columns.")
@gflags.flag("format", gflags.Choice("csv", "columns"), "csv",
             "csv, or parse_log.sh's columns of blanks, for gnuplot.")
def main(
    logfile_path: str, output_dir: str, verbose: bool, delimiter: str, format: str
) -> None:
    delimiter = delimiter.replace("\\t", "\t")
    if len(delimiter) != 1:
        raise ConfigError("one character separates columns", where="flag 'delimiter'",
                          found=repr(delimiter))
    if format == "columns":
        check_folder(output_dir)
        for path in log_tables.save(read(logfile_path), logfile_path, output_dir):
            if verbose:
                click.echo(f"Wrote {path}")
        return
    train, test = parse_log(logfile_path)
    save_csv_files(logfile_path, output_dir, train, test, delimiter, verbose)


if __name__ == "__main__":
    main()
