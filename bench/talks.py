"""How many corrections are recognised in talks as people write them, and what is taken for one that is none.

No model is asked: this is the rule that decides which replies become lessons, and what their value is.
"""

from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NamedTuple

import yaml
from rich.console import Console
from rich.table import Table

from steps.kinds.conversation.corrections import Correction
from steps.kinds.conversation.turns import corrections
from steps.marking import holds

FOLDER = Path(__file__).parents[1] / "data" / "bench" / "talks"
HALVES = ("tuned", "kept")
VERDICTS = ("right", "wrong value", "missed", "false", "quiet")


class Judged(NamedTuple):
    """A talk, what it is taken to correct, and what that is: one of ``VERDICTS``."""

    talk: dict[str, Any]
    found: list[Correction]
    verdict: str


def talks(half: str, folder: Path = FOLDER) -> list[dict[str, Any]]:
    """Return the talks of a half; README.md beside them says what each field holds."""
    return yaml.safe_load((folder / f"{half}.yaml").read_text(encoding="utf-8"))


def judged(talk: dict[str, Any]) -> Judged:
    """Read a talk as a night does, and compare what it corrects with what a reader says that it does."""
    found, wanted = corrections(_payload(talk)), talk["corrects"]
    if wanted is None:
        return Judged(talk, found, "false" if found else "quiet")
    mine = [one for one in found if _same(one.question, wanted["question"])]
    if not mine:
        return Judged(talk, found, "wrong value" if found else "missed")
    return Judged(talk, found, "right" if _is_right(mine[0].value, wanted) else "wrong value")


def measure(half: str, *, language: str | None, show: bool) -> None:
    """Judge a half and print a row for each language; with ``show`` each talk that went wrong before it."""
    rows = [judged(talk) for talk in talks(half) if language in (None, talk["language"])]
    if show:
        for row in rows:
            if row.verdict not in ("right", "quiet"):
                _print(row)
    table = Table("language", "corrections", "right", "wrong value", "missed", "of no correction", "taken for one")
    for code in (*dict.fromkeys(row.talk["language"] for row in rows), "all"):
        count = Counter(row.verdict for row in rows if code in ("all", row.talk["language"]))
        real, none = count["right"] + count["wrong value"] + count["missed"], count["false"] + count["quiet"]
        cells = (real, count["right"], count["wrong value"], count["missed"], none, count["false"])
        table.add_row(code, *map(str, cells))
    taken = [row for row in rows if row.verdict in ("right", "wrong value", "false")]
    good = sum(row.verdict == "right" for row in taken)
    real = sum(row.talk["corrects"] is not None for row in rows)
    table.caption = f"recall {good / max(real, 1):.2f}, precision {good / max(len(taken), 1):.2f}"
    Console().print(table)


def _payload(talk: dict[str, Any]) -> dict[str, Any]:
    messages = [{"role": role, "content": str(said)} for turn in talk["talk"] for role, said in turn.items()]
    feedback = {"feedback": {"rating": -1, "correction": str(talk["feedback"])}} if talk.get("feedback") else {}
    return {"messages": messages, "user": "somebody", **feedback}


def _same(asked: str, wanted: str) -> bool:
    """Whether a question is the one that is wanted; "And", "So" and "what's" at its begin are mended."""
    return " ".join(str(wanted).casefold().split())[-25:] == " ".join(asked.casefold().split())[-25:]


def _is_right(value: str, wanted: dict[str, Any]) -> bool:
    spelled = tuple(map(str, wanted["value"]))
    old = (str(wanted["old"]),) if wanted.get("old") is not None else ()
    says_old = bool(old) and holds(value, old) and not any(holds(one, old) for one in spelled)
    return holds(value, spelled) and not says_old


def _print(row: Judged) -> None:
    console = Console(soft_wrap=True, highlight=False, markup=False)
    console.print(f"{row.talk['id']}: {row.verdict}")
    lines: Iterable[tuple[str, Any]] = ((role, said) for turn in row.talk["talk"] for role, said in turn.items())
    for role, said in (*lines, *([("feedback", row.talk["feedback"])] if row.talk.get("feedback") else ())):
        console.print(f"  {role}: {said}")
    wanted = row.talk["corrects"]
    console.print(f"  wanted: {wanted and wanted['value']}; found: {[(one.value, one.old) for one in row.found]}\n")
