"""The key of a deployment: what is sealed with it was written here, by whoever may read the workspace.

It lies in the workspace (or where ``registry.key_file`` says), readable for its owner alone, and never in MLflow.
"""

import hashlib
import hmac
import json
from pathlib import Path
from typing import Any

from steps.errors import SlumberError
from steps.settings import Settings
from steps.workspace import Workspace


def key_path(settings: Settings, workspace: Workspace) -> Path:
    """Where the deployment's key lies."""
    return settings.key_file or workspace.state / "deployment.key"


def read_key(path: Path) -> bytes:
    """Return the key.

    Raises:
        SlumberError: it is missing or damaged.
    """
    try:
        key = path.read_text(encoding="ascii").strip()
    except FileNotFoundError:
        raise SlumberError(
            f"The key of this deployment, {path}, is missing: run `slumber setup`, or copy the key of the workspace "
            "that judged before."
        ) from None
    except (UnicodeDecodeError, OSError):
        key = ""
    if len(key) < 32:
        raise SlumberError(f"The key of this deployment, {path}, is damaged: bring it back from a copy, or remove it.")
    return key.encode()


def sealed(key: bytes, *what: Any) -> str:
    """Return the seal of a JSON value: HMAC with SHA-256."""
    text = json.dumps(what, sort_keys=True)
    return hmac.new(key, text.encode(), hashlib.sha256).hexdigest()


def same(one: str, other: str) -> bool:
    """Whether two seals are the same, compared in constant time."""
    return hmac.compare_digest(one.encode(), other.encode())
