"""A night stands back behind whatever else wants the processor: the server of the day, above all."""

import contextlib
import os
from pathlib import Path

_AUTOGROUP = Path("/proc/self/autogroup")


def be_nice(nice: int) -> None:
    """Give this process, and what it starts from now on, a niceness of at least ``nice``.

    Linux keeps a niceness for each thread, and a thread takes its maker's: this comes before torch makes its own.

    Where Linux groups processes by session (``kernel.sched_autogroup_enabled``), a niceness counts within the session
    alone, and sessions share alike; so that a night with a session of its own says so of its session, too.
    """
    if os.getpriority(os.PRIO_PROCESS, 0) >= nice:
        return
    os.setpriority(os.PRIO_PROCESS, 0, nice)
    if os.getsid(0) == os.getpid():
        with contextlib.suppress(OSError):  # no Linux, or no such groups
            _AUTOGROUP.write_text(str(nice))
