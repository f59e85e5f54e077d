"""What processes take of the machine, once a second."""

import contextlib
import os
import threading
import time
from collections.abc import Iterator
from typing import Any

import psutil


class Samples:
    """Memory of the processes by name, in MB, and the machine's load average. Each sample has its time, in seconds."""

    def __init__(self) -> None:
        self.rows: list[dict[str, Any]] = []
        self._watched: dict[str, psutil.Process] = {}

    @contextlib.contextmanager
    def of(self, name: str, pid: int) -> Iterator[None]:
        """Watch a process until the block ends."""
        self._watched[name] = psutil.Process(pid)
        try:
            yield
        finally:
            del self._watched[name]

    @contextlib.contextmanager
    def taken(self, *, every: float = 1.0) -> Iterator[None]:
        """Take samples in a thread until the block ends."""
        over = threading.Event()

        def take() -> None:
            while not over.wait(every):
                row: dict[str, Any] = {"time": time.time(), "load": psutil.getloadavg()[0]}
                for name, process in list(self._watched.items()):
                    with contextlib.suppress(psutil.Error):
                        row[name] = process.memory_info().rss / 1e6
                self.rows.append(row)

        thread = threading.Thread(target=take, name="samples", daemon=True)
        thread.start()
        try:
            yield
        finally:
            over.set()
            thread.join()

    def within(self, start: float, end: float, name: str) -> list[tuple[float, float]]:
        """Time and value of ``name`` between two times."""
        return [(row["time"], row[name]) for row in self.rows if start <= row["time"] <= end and name in row]


def threads_nice(pid: int) -> list[int]:
    """Return the niceness of every thread of a process that works: Linux keeps one for each."""
    found = []
    for thread in psutil.Process(pid).threads():
        with contextlib.suppress(OSError):  # it may have ended
            found.append(os.getpriority(os.PRIO_PROCESS, thread.id))
    return sorted(found)
