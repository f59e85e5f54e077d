"""Telling somebody: a command or a webhook of the owner's, on REJECT, INCONCLUSIVE, a night that failed or was missed.

It comes after everything is decided and written. Whatever goes wrong with it is said in one line and changes nothing.
"""

import json
import socket
import subprocess
import threading
from concurrent.futures import Future
from datetime import UTC, datetime
from typing import Any, Literal

import httpx

from steps.settings import Settings
from steps.workspace import Workspace

Event = Literal["REJECT", "INCONCLUSIVE", "FAILED", "MISSED", "WITHDRAWN"]


def notify(
    settings: Settings, workspace: Workspace, *, event: Event, night: str | None, run_id: str, reasons: list[str]
) -> list[str]:
    """Tell the owner's command and webhook, as JSON; return one line for each of them that could not be told."""
    report = workspace.night_dir(night) / "report.html" if night and event != "FAILED" else None  # an earlier try's
    message = {
        "event": event,
        "time": datetime.now(UTC).isoformat(timespec="seconds"),
        "host": socket.gethostname(),
        "night": night,
        "reasons": reasons,
        "model": settings.registry.model_name,
        "workspace": str(workspace.root),
        "report": str(report) if report and report.is_file() else None,
        "dagster_run_id": run_id,
    }
    knobs, failed = settings.notify, []
    if command := settings.notify_command:
        failed.append(_run(command, message, seconds=knobs.timeout_seconds))
    if knobs.webhook:
        failed.append(_post(knobs.webhook, message, seconds=knobs.timeout_seconds))
    return [f"Nobody was told of the night by {line}" for line in failed if line]


def _run(command: tuple[str, ...], message: dict[str, Any], *, seconds: float) -> str | None:
    """Run the command without a shell, with the message on its standard input."""
    text = json.dumps(message, ensure_ascii=False) + "\n"
    try:
        done = subprocess.run(
            command, input=text, text=True, encoding="utf-8", errors="replace", capture_output=True, timeout=seconds
        )
    except subprocess.TimeoutExpired:
        return f"notify.command: it took longer than {seconds:g} s."
    except (OSError, ValueError) as error:
        return f"notify.command: {_line(error)}."
    if done.returncode:
        said = done.stderr.strip().splitlines()[-1:] or ["no words"]
        return f"notify.command: it ended with code {done.returncode} ({said[0][:200]})."
    return None


def _post(address: str, message: dict[str, Any], *, seconds: float) -> str | None:
    """Post the message; what is answered to it is not read, and nobody waits longer, however slowly it comes."""
    status: Future[int] = Future()

    def post() -> None:
        try:
            with httpx.stream("POST", address, json=message, timeout=seconds) as answer:
                status.set_result(answer.status_code)
        except Exception as error:  # also what a proxy's settings ask for, and is not installed
            if not status.done():
                status.set_exception(error)

    threading.Thread(target=post, name="webhook", daemon=True).start()
    try:
        code = status.result(timeout=seconds)
    except (TimeoutError, httpx.TimeoutException):
        return f"notify.webhook: it took longer than {seconds:g} s."
    except Exception as error:
        return f"notify.webhook: {_line(error)}."
    return None if 200 <= code < 300 else f"notify.webhook: it answered {code}."


def _line(error: Exception) -> str:
    # The address may hold a token, which httpx repeats in some of its messages: the kind of error must do.
    return getattr(error, "strerror", None) or type(error).__name__
