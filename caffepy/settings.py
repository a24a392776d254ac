"""What the environment says. It is read here, and handed on from here.

``Settings`` say how a net computes. They are read when its Context is made and are the same for all
of the net from then on; a variable that is changed later counts for the contexts made after that.

``Process`` is what cannot be a net's, since a process loads a shared library once, and OpenMP reads
its variables when it is loaded. It is read at that moment.

Two kinds of variables are no settings of what computes, and stay with who asks for them: those of
the log and the command (GLOG_*, CAFFEPY_TRACEBACK, NO_COLOR), and the traces by which a process
knows that an MPI launcher has started it (parallel.mpi).
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from caffepy.errors import ConfigError, did_you_mean

ENGINE = "CAFFEPY_ENGINE"
THREADS = "OMP_NUM_THREADS"
DECODERS = "CAFFEPY_DECODERS"
WINOGRAD = "CAFFEPY_WINOGRAD"
TUNE = "CAFFEPY_TUNE"
TF32 = "CAFFEPY_TF32"
DETERMINISTIC = "CAFFEPY_DETERMINISTIC"
LAYOUT = "CAFFEPY_GPU_LAYOUT"
GRAPHS = "CAFFEPY_GRAPHS"
CACHE = "XDG_CACHE_HOME"

OFF = "off"
LAYOUTS = ("nchw", "nhwc")
WAITING = ("GOMP_SPINCOUNT", "OMP_WAIT_POLICY")  # how long OpenMP's waiting threads spin
LIBRARIES = ("onednn", "cudart", "cublasLt", "cublas", "nvrtc", "cudnn", "nccl")


@dataclass(frozen=True)
class Settings:
    """How a net computes. Without arguments: as if no variable were set, and without a file of
    choices, so the same on every machine.

    Attributes:
        engine: CAFFEPY_ENGINE, the engine to compute with; None takes the fastest at hand.
        threads: OMP_NUM_THREADS, how many threads compute (of several numbers, as "4,2", the
            first); None where it is not set or no number.
        decoders: CAFFEPY_DECODERS, how many threads decode pictures; None takes as many as compute.
        winograd: CAFFEPY_WINOGRAD=0 forbids convolutions by Winograd's algorithm on the CPU.
        choices: the file of what was measured on this machine (kernels.tuning): what CAFFEPY_TUNE
            names, else ``caffepy/tune.json`` in the user's cache folder, XDG_CACHE_HOME or
            ``~/.cache``; None for none, as CAFFEPY_TUNE=off says.
        choices_named: whether CAFFEPY_TUNE names that file, so that it should be there.
        tf32: CAFFEPY_TF32=0 forbids a GPU to round the factors of float32 products to TF32 (10 bits
            of mantissa; sums are float32 either way).
        deterministic: CAFFEPY_DETERMINISTIC=1: convolutions on a GPU are the same algorithms in
            every run, each one that adds in a fixed order. By default the fastest is chosen by
            timing them.
        layout: CAFFEPY_GPU_LAYOUT, nchw or nhwc: the order of 4-D activations on a GPU; None leaves
            it to the GPU (kernels.cuda.layout).
        graphs: CAFFEPY_GRAPHS=0 runs every layer anew instead of replaying what was recorded:
            graphs on a GPU, tapes on the CPU.
    """

    engine: str | None = None
    threads: int | None = None
    decoders: int | None = None
    winograd: bool = True
    choices: Path | None = None
    choices_named: bool = False
    tf32: bool = True
    deterministic: bool = False
    layout: str | None = None
    graphs: bool = True

    @classmethod
    def of(cls, environment: Mapping[str, str] = os.environ) -> Settings:
        """What the variables say now.

        Raises:
            ConfigError: a variable has a word that it does not know.
        """
        named = environment.get(TUNE, "")
        return cls(
            engine=environment.get(ENGINE) or None,
            threads=_threads(environment),
            decoders=_decoders(environment),
            winograd=_switch(environment, WINOGRAD, default=True),
            choices=_choices(named, environment.get(CACHE, "")),
            choices_named=named not in ("", OFF),
            tf32=_switch(environment, TF32, default=True),
            deterministic=_switch(environment, DETERMINISTIC, default=False),
            layout=_layout(environment),
            graphs=_switch(environment, GRAPHS, default=True),
        )


@dataclass(frozen=True)
class Process:
    """What holds for the process, whichever net computes.

    Attributes:
        libraries: the files of shared libraries by their names in lower case, as CAFFEPY_ONEDNN,
            CAFFEPY_CUDNN, CAFFEPY_CUBLAS and CAFFEPY_NCCL name them.
        threads_told: whether OMP_NUM_THREADS is set, which OpenMP reads by itself.
        waiting: ``NAME=value`` of GOMP_SPINCOUNT and OMP_WAIT_POLICY, those that are set.
    """

    libraries: Mapping[str, str] = field(default_factory=dict)
    threads_told: bool = False
    waiting: tuple[str, ...] = ()

    @classmethod
    def of(cls, environment: Mapping[str, str] = os.environ) -> Process:
        """What the variables say now."""
        return cls(
            {name: file for name in LIBRARIES if (file := environment.get(variable(name)))},
            bool(environment.get(THREADS)),
            tuple(f"{name}={environment[name]}" for name in WAITING if name in environment),
        )


def variable(library: str) -> str:
    """The environment variable that names a library's file."""
    return f"CAFFEPY_{library.upper()}"


# -- what each variable may be ---------------------------------------------------------------------


def _switch(environment: Mapping[str, str], name: str, default: bool) -> bool:
    word = environment.get(name, "")
    if word not in ("", "0", "1"):
        raise ConfigError("a switch is on or off", where=f"environment variable {name}",
                          found=word, allowed="0, 1")
    return word == "1" if word else default


def _threads(environment: Mapping[str, str]) -> int | None:
    text = environment.get(THREADS, "").partition(",")[0].strip()
    return int(text) if text.isdecimal() and int(text) else None


def _decoders(environment: Mapping[str, str]) -> int | None:
    text = environment.get(DECODERS, "")
    if text and not (text.isdecimal() and int(text)):
        raise ConfigError("a number of threads is wanted", where=f"environment variable {DECODERS}",
                          found=repr(text), allowed="1 or more")
    return int(text) if text else None


def _layout(environment: Mapping[str, str]) -> str | None:
    layout = environment.get(LAYOUT, "").lower()
    if layout and layout not in LAYOUTS:
        raise ConfigError("no such order of activations", where=f"environment variable {LAYOUT}",
                          found=layout, allowed=", ".join(LAYOUTS),
                          fix=did_you_mean(layout, LAYOUTS))
    return layout or None


def _choices(named: str, cache: str) -> Path | None:
    if named:
        return None if named == OFF else Path(named)
    return (Path(cache) if cache else Path("~/.cache").expanduser()) / "caffepy" / "tune.json"
