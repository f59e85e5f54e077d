"""What can be known of a cluster before a night begins. Ray itself, which takes seconds, is not imported."""

import os
import socket
import tempfile
from importlib.util import find_spec
from pathlib import Path

from steps.errors import SlumberError
from steps.settings import ComputeSettings

_SETTINGS = 4  # HTTP/2's frame of that name, the first that either side sends
_SECONDS = 5.0
ADDRESS = "RAY_ADDRESS"


def check_cluster(compute: ComputeSettings) -> None:
    """See that Ray is installed, and that somebody listens where the head of the cluster is said to be.

    Raises:
        SlumberError: it is not, or nobody does.
    """
    if compute.engine != "ray":
        return
    if find_spec("ray") is None:
        raise SlumberError("compute.engine is ray, whose library is not installed: pip install -e '.[ray]'.")
    address = head_address(compute)
    if address is None:
        raise SlumberError(
            "compute.engine is ray, and no cluster runs on this machine: start one (docs/scale.md), or set "
            "compute.address to the HOST:PORT of its head."
        )
    try:
        host, port = address.rsplit(":", 1)
        with socket.create_connection((host.strip("[]"), int(port)), timeout=_SECONDS) as connection:
            _check_greeting(connection)
    except (OSError, ValueError) as error:
        raise SlumberError(
            f"No Ray cluster answers at {address} ({getattr(error, 'strerror', None) or error}): start it "
            "(docs/scale.md), correct compute.address, or set compute.engine to local."
        ) from None


def _check_greeting(connection: socket.socket) -> None:
    """See that who listens speaks HTTP/2, as gRPC does: of anybody else Ray waits for an answer for minutes.

    Raises:
        ValueError: it does not.
    """
    if os.environ.get("RAY_USE_TLS", "0") not in ("", "0"):
        return
    connection.sendall(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes((0, 0, 0, _SETTINGS, 0, 0, 0, 0, 0)))
    frame = connection.recv(9)
    if len(frame) < 4 or frame[3] != _SETTINGS:
        raise ValueError("who listens there is no Ray")


def head_address(compute: ComputeSettings) -> str | None:
    """Return HOST:PORT of the cluster's head: the setting, else RAY_ADDRESS, else this machine's; None without any."""
    named = compute.address or os.environ.get(ADDRESS)
    if named and named != "auto":
        return named
    # Where `ray start` notes it; RAY_TMPDIR moves it.
    noted = Path(os.environ.get("RAY_TMPDIR", tempfile.gettempdir())) / "ray" / "ray_current_cluster"
    try:
        ours = noted.stat().st_uid in (0, os.getuid())  # anybody may write into /tmp, and a cluster runs our pickles
        return noted.read_text().strip() or None if ours else None
    except OSError:
        return None
