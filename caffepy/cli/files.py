"""Early looks at the files a command is given: is it there, is it of the right kind."""

from __future__ import annotations

from caffepy.errors import ConfigError, NotFound

ADVICE = {
    "caffemodel": "This is a .caffemodel: give it as -weights.",
    "solverstate": "This is a .solverstate: give it as -snapshot.",
    "prototxt": "This is a prototxt: give it as -solver or -model.",
    "binaryproto": "This is a binaryproto, such as a mean file.",
}


def check(flag: str, path: str, kind: str) -> None:
    """Raise if the file of a flag is missing or plainly of another kind.

    Args:
        flag: its name, for the message; in capitals it is an argument.
        path: the file; "" is a flag that was not given.
        kind: what the flag wants: "prototxt", "caffemodel" or "solverstate".

    Raises:
        NotFound: no such file.
        ConfigError: a file of another kind, named with the flag it belongs to.
    """
    if not path:
        return
    from caffepy.proto.files import sniff

    who = f"argument {flag}" if flag.isupper() else f"flag '{flag}'"
    try:
        found = sniff(path)
    except NotFound as error:
        raise NotFound(f"{who}: {error.message}", fix=error.fix) from None
    # HDF5 holds weights or a state; which, its reader says better than we
    readable = found == "hdf5" and kind != "prototxt"
    if found not in (kind, "unknown") and not readable:
        raise ConfigError(
            f"{who} wants a {kind}", where=path, found=found, fix=ADVICE.get(found))
