"""How well redaction tells secrets and personal data from what looks like them, on labelled lines."""

import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table

from bench.redaction_lines import labelled_lines
from steps.ingest.redact import PLACEHOLDER, redact

_LABEL = re.compile("«(.*?)»")


@dataclass
class Found:
    """Counts over lines: ``labels`` that were to go, ``missed`` ones, ``taken`` places in all, ``wrong`` ones."""

    labels: int = 0
    missed: int = 0
    taken: int = 0
    wrong: int = 0

    @property
    def recall(self) -> float:
        return 1 - self.missed / self.labels if self.labels else float("nan")

    @property
    def precision(self) -> float:
        return 1 - self.wrong / self.taken if self.taken else float("nan")


def labelled() -> dict[str, list[str]]:
    """Return the labelled lines: by shape, and prose, tables and snippets as employees write them (made up)."""
    found, some = {"shapes and look-alikes": labelled_lines()}, list[str]()
    for line in (Path(__file__).parent / "redaction_prose.txt").read_text(encoding="utf-8").splitlines():
        if line.startswith("=== "):
            some = found[line[4:]] = []
        else:
            some.append(line.replace("\\\\", "\0").replace("\\n", "\n").replace("\\t", "\t").replace("\0", "\\"))
    return found


def measure(redacting: Callable[[str], str] = lambda text: redact(text)[0], *, show: bool = True) -> dict[str, Found]:
    """Redact all lines and return what came of them, by what they are.

    Those "not looked at" were seen by nobody who wrote the patterns, and what is wrong with them is not shown.
    """
    lines, start = labelled(), time.perf_counter()
    found, wrong = {name: Found() for name in lines}, list[str]()
    for name, some in lines.items():
        results = [(score(line, redacting, found[name]), line) for line in some]
        wrong += [f"{what}: {line}" for what, line in results if what and "not looked at" not in name]
    if show:
        count = sum(map(len, lines.values()))
        table = Table(title=f"Redaction of {count} lines, {time.perf_counter() - start:.1f} s")
        for column in ("lines", "to go", "recall", "taken", "precision"):
            table.add_column(column, justify="right")
        for name, one in found.items():
            table.add_row(name, str(one.labels), f"{one.recall:.3f}", str(one.taken), f"{one.precision:.3f}")
        console = Console()
        console.print(table)
        for said in wrong:
            console.print(said, markup=False, highlight=False)
    return found


def score(line: str, redacting: Callable[[str], str], into: Found) -> str:
    """Count one line; return what is wrong with it, or nothing. Taken is right only if it is the label, no more."""
    labels, plain = _LABEL.findall(line), _LABEL.sub(r"\1", line)
    clean = redacting(plain)
    missed = [label for label in labels if label in clean]
    places = len(PLACEHOLDER.findall(clean))
    # What stood around the labels must stand there still.
    rest = [part for part in _LABEL.split(line)[::2] if part.strip()]
    kept = all(part.strip() in clean for part in rest)
    wrong = max(0, places - len(labels)) + (not kept and 0 < places <= len(labels))
    into.labels += len(labels)
    into.missed += len(missed)
    into.taken += places
    into.wrong += wrong
    return "missed" if missed else f"wrong ({clean})" if wrong else ""
