"""The files that Slumber brings along: beside the code in a checkout, inside this package in an installed wheel."""

from pathlib import Path

from steps.errors import SlumberError

_PACKAGE = Path(__file__).resolve().parent
_ROOT = _PACKAGE.parents[1]

CHECKOUT: Path | None = _ROOT if (_ROOT / "pyproject.toml").is_file() else None
"""Root of the checkout that the code runs from; None in an installed wheel."""


def shipped(name: str) -> Path:
    """Return a shipped folder: ``anchors``, ``canaries`` or ``example``.

    Raises:
        SlumberError: nothing of that name is shipped, or the installation lost it.
    """
    folder = CHECKOUT / "data" / name if CHECKOUT else _PACKAGE / name
    if not folder.is_dir():
        raise SlumberError(f"{folder} is missing: Slumber brings it along, so install Slumber again.")
    return folder
