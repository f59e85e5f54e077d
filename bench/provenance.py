"""Where a figure comes from: the machine, and the commit."""

import os
import platform
import subprocess

import torch

from steps.settings import REPOSITORY


def machine() -> str:
    """The machine in words, for every figure that is quoted."""
    if torch.cuda.is_available():
        return torch.cuda.get_device_name()
    return f"{platform.processor() or platform.machine()}, {torch.get_num_threads()} threads"


def commit() -> str:
    """The commit that runs, in short, for every figure that is quoted.

    A copy of the tree without its repository is told by the variable SLUMBER_COMMIT.
    """
    if told := os.environ.get("SLUMBER_COMMIT"):
        return told
    said = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], cwd=REPOSITORY, capture_output=True, text=True, check=False
    )
    return said.stdout.strip() or "unknown"
