"""Reading ``params.yaml``: an unknown key or an impossible value is refused in a sentence that names it."""

from pathlib import Path

import yaml
from pydantic import ValidationError

from steps.errors import SlumberError
from steps.settings import REPOSITORY, Settings


def load_settings(path: Path | None = None) -> Settings:
    """Read ``params.yaml`` (default: the checkout's).

    Raises:
        SlumberError: the file is missing, is not YAML, or holds an unknown key or an impossible value; the sentence
            names the key.
    """
    path = path or REPOSITORY / "params.yaml"
    try:
        values = yaml.safe_load(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise SlumberError(
            f"There is no settings file {path}: name one with --params or restore params.yaml."
        ) from None
    except (yaml.YAMLError, UnicodeDecodeError, OSError) as error:
        place = getattr(error, "problem_mark", None)
        where = f" (line {place.line + 1})" if place else ""
        raise SlumberError(f"{path} cannot be read as YAML{where}: correct it and try again.") from None
    if not isinstance(values, dict):
        raise SlumberError(f"{path} must hold the sections of a night, as the shipped file does, not {values!r}.")
    if "folder" in values:
        raise SlumberError(f"{path}: 'folder' is not a setting; remove it.")
    try:
        return Settings(**values, folder=path.resolve().parent)
    except ValidationError as error:
        raise SlumberError(f"{path}: {_sentence(error)}") from None


def _sentence(error: ValidationError) -> str:
    # A misspelt key shows up twice, as unknown and as missing: say the one that the user can see in the file.
    first, *more = sorted(error.errors(), key=lambda e: e["type"] != "extra_forbidden")
    key = ".".join(str(part) for part in first["loc"]) or "the file"
    kind = first["type"]
    if kind == "extra_forbidden":
        text = f"'{key}' is not a setting; remove it or correct its spelling"
    elif kind == "missing":
        text = f"'{key}' is missing; params.yaml must set it"
    else:
        text = f"'{key}' {first['msg'].removeprefix('Value error, ').replace('Input should', 'should')}"
    return text + (f" (and {len(more)} more)." if more else ".")
