"""Reading ``params.yaml``: an unknown key or an impossible value is refused in a sentence that names it.

The file says only what differs from the defaults in ``steps.settings``; it may be missing altogether.
"""

from difflib import get_close_matches
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from steps.errors import SlumberError
from steps.settings import REPOSITORY, Settings, SuiteSettings
from steps.settings.renamed import with_new_names, without_dropped
from steps.settings.section import Section
from steps.shipped import CHECKOUT

_SECTIONS = {
    name: field.annotation
    for name, field in Settings.model_fields.items()
    if isinstance(field.annotation, type) and issubclass(field.annotation, Section)
}


def checkout_params() -> Path | None:
    """Return the params.yaml of the checkout that the code runs from; None if there is none."""
    path = CHECKOUT / "params.yaml" if CHECKOUT else None
    return path if path and path.is_file() else None


def load_settings(path: Path | None = None, *, folder: Path = REPOSITORY) -> Settings:
    """Read ``params.yaml`` (default: the checkout's); without any, the defaults hold, and paths start at ``folder``.

    Raises:
        SlumberError: the named file is missing, is not YAML, or holds an unknown key or an impossible value; the
            sentence names the key as it stands in the file.
    """
    path = path or checkout_params()
    if path is None:
        return Settings(folder=folder)
    try:
        values, dropped = without_dropped(_read(path))
        values, met = with_new_names(values)
    except ValueError as error:
        raise SlumberError(f"{path}: {error}.") from None
    try:
        settings = Settings(**values, folder=path.resolve().parent)
    except ValidationError as error:
        raise SlumberError(f"{path}: {_sentence(error, met)}") from None
    if met:
        _say_new_names(path, met)
    if dropped:
        _say_dropped(path, dropped)
    return settings


def _read(path: Path) -> dict[str, Any]:
    """Return the sections that the file holds; an empty one is none."""
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
    if values is None:
        return {}
    if not isinstance(values, dict):
        raise SlumberError(f"{path} must hold the sections of a night, as the shipped file does, not {values!r}.")
    if "folder" in values:
        raise SlumberError(f"{path}: 'folder' is not a setting; remove it.")
    if odd := [key for key in values if not isinstance(key, str)]:
        raise SlumberError(f"{path}: {odd[0]!r} is not a setting; remove it.")
    return {key: value for key, value in values.items() if value is not None or key not in _SECTIONS}


_said: set[tuple[Path, tuple[str, ...]]] = set()


def _say_new_names(path: Path, met: dict[str, str]) -> None:
    if (said := (path.resolve(), tuple(met))) in _said:
        return
    _said.add(said)
    from steps.progress import say

    names = ", ".join(
        f"{old} is now {new}" + (" (alpha / rank)" if old == "consolidate.alpha" else "") for old, new in met.items()
    )
    say(f"{path} uses old names, which go on working: {names}.")


def _say_dropped(path: Path, dropped: dict[str, str]) -> None:
    if (said := (path.resolve(), tuple(dropped))) in _said:
        return
    _said.add(said)
    from steps.progress import say

    for name, why in dropped.items():
        say(f"{path} sets {name}, which has no effect any more ({why}): remove it.")


def _sentence(error: ValidationError, met: dict[str, str]) -> str:
    # A misspelt key may show up with others: say the one that the user can see in the file.
    first, *more = sorted(error.errors(), key=lambda e: e["type"] != "extra_forbidden")
    key = ".".join(str(part) for part in first["loc"]) or "the file"
    written = _as_written(key, met)
    kind = first["type"]
    if kind == "extra_forbidden":
        nearest = _nearest(first["loc"])
        mend = f"the nearest is '{nearest}'" if nearest else "remove it or correct its spelling"
        text = f"'{written}' is not a setting; {mend}"
    elif kind == "missing":
        text = f"'{written}' is missing; params.yaml must set it"
    elif kind in ("model_type", "model_attributes_type"):
        text = f"'{written}' must hold settings, each on a line of its own as 'name: value'"
    else:
        text = f"'{written}' {first['msg'].removeprefix('Value error, ').replace('Input should', 'should')}"
        if kind == "literal_error" and isinstance(first["input"], str):
            text += f", not {first['input']!r}"
    return text + (f" (and {len(more)} more)." if more else ".")


def _as_written(key: str, met: dict[str, str]) -> str:
    """Return the key as it stands in the file, whose names may be old ones."""
    for old, new in met.items():
        if key == new or key.startswith(f"{new}."):
            return old + key.removeprefix(new)
    return key


def _nearest(loc: tuple[int | str, ...]) -> str | None:
    """Return the setting that an unknown one most likely means: a name beside it, else one elsewhere."""
    *section, leaf = loc
    within = ".".join(map(str, section))
    if not section:
        siblings = [name for name in Settings.model_fields if name != "folder"]
    elif len(section) == 1:
        siblings = list(_SECTIONS[str(section[0])].model_fields)
    else:
        siblings = list(SuiteSettings.model_fields)
    if close := get_close_matches(str(leaf), siblings, n=1, cutoff=0.7):
        return f"{within}.{close[0]}" if within else close[0]
    elsewhere = [(key, name) for name, section in _SECTIONS.items() for key in section.model_fields]
    close = get_close_matches(str(leaf), [key for key, _ in elsewhere], n=1, cutoff=0.8)
    return next((f"{name}.{key}" for key, name in elsewhere if [key] == close), None)
