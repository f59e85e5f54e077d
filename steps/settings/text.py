"""``params.yaml`` as it is written: made from the models, so that its comments and defaults cannot drift from them."""

import textwrap
from pathlib import Path
from typing import Any

import yaml

from steps.settings import ExamineSettings, Settings
from steps.settings.section import Section

_COLUMN, _WIDTH = 31, 120
_HEAD = (
    "Every knob of a night and its default; what is left out takes it. An unknown key, a wrong type or an impossible "
    "value is refused in a sentence that names the key."
)


def params_text(settings: Settings | None = None) -> str:
    """Return the text of a params.yaml that says every setting (default: the defaults), each with what it is for."""
    settings = settings or Settings()
    lines = [*_comment(_HEAD), *_knob("seed", settings.seed, Settings.model_fields["seed"].description, indent="")]
    for name in Settings.model_fields:
        section = getattr(settings, name)
        if isinstance(section, Section):
            lines += ["", *_comment(type(section).__doc__ or ""), f"{name}:"]
            values = section.model_dump(mode="json")
            for key, field in type(section).model_fields.items():
                lines += _knob(key, values.get(key, getattr(section, key)), field.description, indent="  ")
    return "\n".join(lines) + "\n"


def checkout_text() -> str:
    """Return the text of the checkout's own params.yaml: the defaults, with the two suites beside it named."""
    suites = {name: Path("data") / name for name in ("anchors", "canaries")}
    return params_text(Settings(examine=ExamineSettings(**suites)))


def _comment(text: str) -> list[str]:
    return textwrap.wrap(" ".join(text.split()), _WIDTH, initial_indent="# ", subsequent_indent="# ")


def _knob(key: str, value: Any, description: str | None, *, indent: str) -> list[str]:
    line = f"{indent}{key}: {_scalar(value)}"
    first, *more = textwrap.wrap(description or "", _WIDTH - _COLUMN - 2, break_on_hyphens=False)
    return [f"{line.ljust(_COLUMN - 2)}  # {first}", *(f"{'':{_COLUMN}}# {text}" for text in more)]


def _scalar(value: Any) -> str:
    """One value on one line, lists as [a, b]."""
    return yaml.safe_dump([value], default_flow_style=True, width=10_000, allow_unicode=True).strip()[1:-1]
