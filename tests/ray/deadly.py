"""What is read by a process that may be killed by it. Apart, for whoever is sent it imports this module."""

import os
import signal
from dataclasses import dataclass

from steps.ingest.parsed import ParsedRecord


@dataclass
class DeadlyOnce:
    """Reads a record; the first process to read a ``deadly`` one is killed, and leaves ``marker`` behind."""

    number: int
    deadly: bool
    marker: str

    def __call__(self) -> ParsedRecord:
        if self.deadly and not os.path.exists(self.marker):
            open(self.marker, "w").close()
            os.kill(os.getpid(), signal.SIGKILL)
        return ParsedRecord("a.md", self.number, rule="ignored", reason="read")
