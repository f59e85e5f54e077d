"""Which way a model is run: found out once for a base, these libraries and this device, and remembered in the cache.

What is remembered decides nothing but the way: what a candidate learned is examined, however it was computed.
"""

import contextlib
from importlib.metadata import version
from pathlib import Path as FilePath

from steps.code import code_sha256
from steps.errors import SlumberError, in_one_line
from steps.model.chat import prompt_tokens
from steps.model.checking import Compared, Path, Reference, check_path
from steps.model.embedded import cache_folder
from steps.model.loading import Base
from steps.records import Record, content_id
from steps.workspace import write_text

QUESTIONS = ("What is water?", "What is water made of, and why?", "Who wrote the first letter to the Romans?")
_LIBRARIES = ("torch", "transformers", "peft")


class Tried(Record):
    """One thing that was tried; see ``Compared``."""

    what: str
    path: str
    difference: float | None
    tolerance: float
    error: str | None = None


class Findings(Record):
    """What was found out about a model. ``packed``: it runs packed rows.

    ``adapters``: digest of the code that tried adapters, too, if any did.
    """

    packed: bool
    tried: tuple[Tried, ...]
    adapters: str | None = None


def chosen_path(base: Base) -> Findings:
    """Return how a base is run, trying it if that is not known yet; an adapter on it changes nothing of that.

    Raises:
        SlumberError: it is right neither in packed rows nor sequence by sequence.
    """
    key = identity(base.sha256, base.device.type, str(base.model.dtype))
    found = remembered(key)
    if found is None:
        reference = reference_of(base)
        found = _choose(reference, name=base.name)
        remember(key, found)
    return found


def reference_of(base: Base) -> Reference:
    """What Hugging Face gives for the questions that a model is tried with."""
    try:
        return Reference(base.model, [prompt_tokens(base.tokenizer, question) for question in QUESTIONS])
    except (RuntimeError, ValueError, TypeError, AttributeError, LookupError) as error:
        raise SlumberError(
            f"{base.name} cannot be asked by Hugging Face's own calls ({type(error).__name__}: "
            f"{in_one_line(error)[:160]}): take another base, or another version of transformers."
        ) from None


def _choose(reference: Reference, *, name: str) -> Findings:
    paths = [check_path(reference, packed=True)]
    if not paths[0].right:
        paths.append(check_path(reference, packed=False))
    last = paths[-1]
    if last.wrong is not None:
        raise SlumberError(f"{name} is not run rightly, packed or plain ({told(last.wrong)}): take another base.")
    return Findings(packed=last.packed, tried=tuple(tried(one, path) for path in paths for one in path.compared))


def tried(one: Compared, path: Path) -> Tried:
    """The record of a comparison."""
    return Tried(
        what=one.what,
        path="packed" if path.packed else "plain",
        difference=one.difference,
        tolerance=one.tolerance,
        error=one.error,
    )


def told(one: Compared) -> str:
    """Say what is wrong."""
    return f"{one.what}: {one.error or f'{one.difference:.2g} nats from Hugging Face, {one.tolerance:.2g} is rounding'}"


def identity(base_sha256: str, device: str, dtype: str) -> str:
    """Digest of what findings hold for: the base, the libraries, where it runs, and the code that tried it."""
    return content_id(base_sha256, device, dtype, [version(name) for name in _LIBRARIES], code_sha256(__name__))


def remembered(key: str) -> Findings | None:
    """What is known under a key; None where nothing is, or it cannot be read."""
    try:
        return Findings.from_json(_file(key).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None


def remember(key: str, findings: Findings) -> None:
    """Note findings; a cache that cannot be written costs time at the next load, and nothing else."""
    with contextlib.suppress(OSError):
        write_text(_file(key), findings.to_json() + "\n")


def _file(key: str) -> FilePath:
    return cache_folder() / "models" / f"{key}.json"
