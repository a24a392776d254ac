"""The flags of the caffepy command. As in Caffe they are global: any action takes any of them."""

from __future__ import annotations

from caffepy.cli import gflags
from caffepy.cli.gflags import FILE, Choice
from caffepy.errors import ConfigError, did_you_mean

EFFECTS = ("stop", "snapshot", "none")
TROUBLES = ("stop", "warn")
PHASES = ("TRAIN", "TEST")
LATEST = "latest"  # as -snapshot; a file of this name is ./latest
PRECISIONS = ("float32", "float16", "bfloat16")

GPU = gflags.flag(
    "gpu", str, "",
    "Device numbers separated by ',', or all.")
PRECISION = gflags.flag(
    "precision", Choice(*PRECISIONS), None,
    "What activations are stored as, float32, float16 or bfloat16, instead of what the net says by "
    "default; on the CPU float32, or bfloat16 where the processor has it.")
WORKERS = gflags.flag(
    "workers", int, 0,
    "train on the CPU: how many processes train together, each with batches of its own.")
SOLVER = gflags.flag("solver", FILE, "", "The solver prototxt.")
MODEL = gflags.flag("model", FILE, "", "The net prototxt.")
PHASE = gflags.flag("phase", str, "", "TRAIN or TEST, for time and data show; TRAIN if not given.")
FORWARD_ONLY = gflags.flag("forward_only", bool, False, "time: no backward.")
LEVEL = gflags.flag("level", int, 0, "The level of the net state.")
STAGE = gflags.flag("stage", str, "", "Stages of the net state, separated by ','.")
SNAPSHOT = gflags.flag(
    "snapshot", FILE, "",
    "The .solverstate to resume training from; latest: the newest of the solver's prefix.")
WEIGHTS = gflags.flag(
    "weights", FILE, "",
    "Weights to start from or to score, separated by ','. Not together with -snapshot.")
ITERATIONS = gflags.flag("iterations", int, 50, "How many iterations test and time run.")
SIGINT_EFFECT = gflags.flag(
    "sigint_effect", Choice(*EFFECTS), "stop",
    "On Ctrl-C: snapshot, stop (with a snapshot) or none.")
SIGHUP_EFFECT = gflags.flag(
    "sighup_effect", Choice(*EFFECTS), "snapshot",
    "On a hang-up: snapshot, stop (with a snapshot) or none.")
SNAPSHOT_KEEP = gflags.flag(
    "snapshot_keep", int, None, "How many snapshots stay, the newest; 0 for all.")
SNAPSHOT_ERRORS = gflags.flag(
    "snapshot_errors", Choice(*TROUBLES), None,
    "What a snapshot that cannot be written does: stop or warn.")
ON_NAN = gflags.flag(
    "on_nan", Choice(*TROUBLES), None,
    "What a loss that is no number, or stuck at 87.3365, does: stop or warn.")
MEASUREMENTS = gflags.flag(
    "measurements", bool, True,
    "train writes what it measures to <snapshot_prefix>.jsonl, for plot; -nomeasurements: not.")
TENSORBOARD = gflags.flag(
    "tensorboard", FILE, "",
    "train writes losses, rates and test outputs into this folder, too, for TensorBoard.")
PLUGIN = gflags.flag(
    "plugin", FILE, several=True, help=
    "A Python file with layer types of your own, for this run; several by ',' or by more flags.")

ALL = (GPU, PRECISION, WORKERS, SOLVER, MODEL, PHASE, FORWARD_ONLY, LEVEL, STAGE, SNAPSHOT,
       WEIGHTS, ITERATIONS, SIGINT_EFFECT, SIGHUP_EFFECT, SNAPSHOT_KEEP, SNAPSHOT_ERRORS, ON_NAN,
       MEASUREMENTS, TENSORBOARD, PLUGIN)


def split_list(text: str) -> list[str]:
    """The non-empty parts of a comma-separated flag, without blanks around them."""
    return [part for word in text.split(",") if (part := word.strip())]


def caffe_stages(text: str) -> list[str]:
    """The stages of -stage as Caffe's command takes them. Without one Caffe adds one empty stage,
    which matches no rule; its logs show it, and so do ours."""
    return text.split(",")


def stages(text: str) -> list[str]:
    """The stages that -stage names, for tools that are ours alone."""
    return [word for word in text.split(",") if word]


def phase(text: str) -> str:
    """The value of -phase: "TRAIN", "TEST", or "" if it is not given; else raises ConfigError."""
    if text not in ("", *PHASES):
        raise ConfigError('phase must be "TRAIN" or "TEST"', found=text,
                          fix=did_you_mean(text, PHASES))
    return text


def shape(text: str) -> list[int]:
    """The value of -input_shape: C,H,W; empty if it is not given."""
    words = [word for word in text.split(",") if word.strip()]
    if not all(word.strip().isdigit() and int(word) > 0 for word in words):
        raise ConfigError("input_shape must be numbers such as 3,227,227", found=text)
    return [int(word) for word in words]


def check_iterations(iterations: int) -> None:
    """Raise ConfigError unless there is something to run."""
    if iterations < 1:
        raise ConfigError(
            f"illegal value '{iterations}' specified for int32 flag 'iterations'",
            allowed="1 and more",
        )
