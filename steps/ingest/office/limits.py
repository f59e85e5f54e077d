"""What the process that reads a file from outside may use, and what it may not touch."""

import contextlib
import os
import resource
import sys
import sysconfig
from pathlib import Path
from typing import Any

import steps

CPU_SECONDS = 300
WALL_SECONDS = 900  # on a machine that is busy
MEMORY_BYTES = 2_000_000_000  # of addresses; the libraries alone take a quarter of it
OUTPUT_BYTES = 8_000_000  # a text may have a million characters (ingest.max_text_chars); tables have marks besides
_ACTS = (
    "socket.",
    "subprocess.",
    "os.exec",
    "os.fork",
    "os.posix_spawn",
    "os.spawn",
    "os.system",
    "os.kill",
    "urllib.",
)
_CHANGES = (
    "os.remove",
    "os.rename",
    "os.rmdir",
    "os.mkdir",
    "os.link",
    "os.symlink",
    "os.chmod",
    "os.truncate",
    "shutil.",
)


def confine() -> None:
    """Limit this process's time, memory and output; for good."""
    limits = {
        resource.RLIMIT_CPU: CPU_SECONDS,
        resource.RLIMIT_AS: MEMORY_BYTES,
        resource.RLIMIT_FSIZE: OUTPUT_BYTES,
        resource.RLIMIT_CORE: 0,
        resource.RLIMIT_NOFILE: 64,
    }
    for limit, value in limits.items():
        _, hard = resource.getrlimit(limit)
        value = value if hard == resource.RLIM_INFINITY else min(value, hard)
        last = value + 5 if limit == resource.RLIMIT_CPU and hard == resource.RLIM_INFINITY else value
        with contextlib.suppress(ValueError, OSError):  # macOS has no limit on addresses
            resource.setrlimit(limit, (value, last))  # at the first of them it is told (SIGXCPU), at the second killed


def seal() -> None:
    """Let Python open no socket, start no program, write nothing, and read only its own libraries from now on."""
    own = tuple(f"{Path(folder).resolve()}{os.sep}" for folder in _libraries())

    def forbid(event: str, arguments: tuple[Any, ...]) -> None:
        if event.startswith((*_ACTS, *_CHANGES)):
            raise PermissionError(f"{event} is not allowed here")
        if event == "open":
            path, mode, flags = arguments
            if isinstance(path, int):
                return
            writes = bool(set(mode or "") & set("wax+")) or bool((flags or 0) & (os.O_WRONLY | os.O_RDWR))
            if writes or not os.path.realpath(os.fsdecode(path)).startswith(own):
                raise PermissionError("no file may be opened here")

    sys.addaudithook(forbid)


def _libraries() -> set[str]:
    """The folders of Slumber's code, the standard library and what is installed; never one above them.

    In a checkout the folder above holds the repository, with whatever its owner keeps there.
    """
    installed = [folder for folder in sys.path if Path(folder).name in ("site-packages", "dist-packages")]
    places = sysconfig.get_paths()
    return {*steps.__path__, *installed, *(places[name] for name in ("stdlib", "platstdlib", "purelib", "platlib"))}
