"""caffepy: train, test, time, device_query and the tools, with Caffe's own command line.

Only click and the standard library are loaded here: numpy and the engine come with the action.
"""

from __future__ import annotations

import click

from caffepy.cli import flags, gflags

ACTIONS = {
    "bench": "caffepy.tools.bench:main",
    "board": "caffepy.cli.board:board",
    "check": "caffepy.cli.check:check",
    "completion": "caffepy.cli.completion:completion",
    "convert": "caffepy.cli.convert:convert",
    "data": "caffepy.cli.data:data",
    "device_query": "caffepy.cli.device_query:device_query",
    "diff": "caffepy.cli.diff:diff",
    "draw": "caffepy.tools.draw_net:main",
    "find_lr": "caffepy.cli.find_lr:find_lr",
    "init": "caffepy.cli.init:init",
    "layers": "caffepy.cli.layers:layers",
    "matlab": "caffepy.cli.matlab:matlab",
    "merge_bn": "caffepy.cli.merge_bn:merge_bn",
    "plot": "caffepy.tools.plot:main",
    "quantize": "caffepy.cli.quantize:quantize",
    "report": "caffepy.cli.report:report",
    "summary": "caffepy.tools.summarize:main",
    "sweep": "caffepy.cli.sweep:sweep",
    "test": "caffepy.cli.test:test",
    "test_detection": "caffepy.cli.test:test_detection",
    "time": "caffepy.cli.time:time",
    "train": "caffepy.cli.train:train",
    "tune": "caffepy.tools.tune:main",
    "tune_batch": "caffepy.cli.tune_batch:tune_batch",
}

# modules of caffepy.tools with a ``main``; described here, so that --help need not load them
TOOLS = {
    "class_weights": "Count labels, and weigh classes by that.",
    "classify": "Say what pictures show.",
    "compute_image_mean": "Compute the mean picture of a database.",
    "convert_annoset": "Turn pictures with boxes into a database.",
    "convert_cifar_data": "Turn CIFAR-10's binary files into databases.",
    "convert_imageset": "Turn a folder or a list of pictures into a database.",
    "convert_mnist_data": "Turn MNIST's idx files into a database.",
    "convert_mnist_siamese_data": "Turn MNIST's idx files into a database of pairs.",
    "create_annoset": "Turn pictures with boxes into a database, and link it.",
    "create_label_map": "Turn a list of names into a label map.",
    "deploy": "Make the net for use of the net for training.",
    "detect": "Find objects in pictures, or say what windows of them show.",
    "download_model_binary": "Download the weights that a model's readme names.",
    "download_model_from_gist": "Download the files of a model in a gist.",
    "draw_net": "Draw a net (also: draw).",
    "extract_features": "Store what blobs of a net hold.",
    "extract_seconds": "Write the time of each Iteration line of a log.",
    "get_image_size": "List the sizes of pictures.",
    "make_list": "List the pictures of a folder of classes.",
    "parse_log": "Turn a training log into tables.",
    "plot_training_log": "Draw the curves of training logs.",
    "resize_and_crop_images": "Bring pictures of all sizes to one.",
    "summarize": "Print a net as a table (also: summary).",
    "upgrade_net_proto_binary": "Bring an old caffemodel to today's format.",
    "upgrade_net_proto_text": "Bring an old net's prototxt to today's format.",
    "upgrade_solver_proto_text": "Bring an old solver's prototxt to today's format.",
}


class Front(gflags.Group):
    """The command with all its actions; --help lists the tools apart."""

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        commands = [(name, self.get_command(ctx, name)) for name in sorted(ACTIONS)]
        with formatter.section("Commands"):
            formatter.write_dl([
                (name, command.get_short_help_str(limit=80))
                for name, command in commands if command])
        with formatter.section("Tools"):
            formatter.write_dl(sorted(TOOLS.items()))


main = Front(
    "caffepy",
    help="Train, test and time Caffe nets.",
    actions={**ACTIONS, **{name: f"caffepy.tools.{name}:main" for name in TOOLS}},
    shared=flags.ALL,
)

if __name__ == "__main__":
    main(prog_name="caffepy")
