"""A page as blocks: what each says, and what its meaning hangs on: headings, the line above a list, column heads."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal

from steps.records import Record

BlockKind = Literal["paragraph", "item", "row", "answer", "term", "code", "quote", "aside"]
# What is read with a page and never asked about: code, what somebody else said, licences and signatures.
UNASKED = ("code", "quote", "aside")
OPENING_CHARS = 80
_OPENING_WORDS = 6  # with fewer, a line above a list ("Do not:") says little without its heading
_HEADING_WORDS = 4
# A heading that says what holds by itself is not read before a line that may say the opposite ("You may:").
_DECIDES = re.compile(
    r"\b(?:not|never|no|don['’]t|may|must|can|allowed|permitted|forbidden|prohibited|verboten|erlaubt|gestattet|nicht"
    r"|interdits?|interdites?|permis|autorisés?|prohibid[oa]s?|permitid[oa]s?)\b",
    re.IGNORECASE,
)
_ENDS = re.compile(r"[.!?:;…。！？：；]['\"”’»)\]]*$")


class Block(Record):
    """One thing that a page says.

    ``path``: the headings above it, the page's title left out. ``under``: the line that opens its list, then the items
    above it, outermost first. ``cells``: of a row, each with the head of its column. ``question``: of an answer; of a
    definition, the term.
    """

    kind: BlockKind
    text: str
    path: tuple[str, ...] = ()
    under: tuple[str, ...] = ()
    cells: tuple[tuple[str, str], ...] = ()
    question: str = ""

    @property
    def hangs_on(self) -> tuple[str, ...]:
        """What is to be read before it, so that it is understood: the lines above its list, or the nearest heading."""
        if self.kind not in ("item", "row"):
            return ()
        if not self.under or self.under == self.path[-1:]:
            return self.heading
        above = [part for part in self.path[-1:] if part not in self.under and not _DECIDES.search(part)]
        return (*above, *self.under) if len(self.under[0].split()) < _OPENING_WORDS else self.under

    @property
    def heading(self) -> tuple[str, ...]:
        """The nearest heading, with the one above it if it is a few words ("Changed") that say little alone."""
        return self.path[-2:] if self.path and len(self.path[-1].split()) < _HEADING_WORDS else self.path[-1:]

    @property
    def said(self) -> str:
        """It as a paragraph that can be read alone."""
        text = "; ".join(f"{head}: {cell}" if head else cell for head, cell in self.cells) if self.cells else self.text
        if self.kind == "answer":
            return f"{self.question} {text}"
        if self.kind == "term":
            return f"{self.question}: {text}"
        before = [opening_of(part) for part in self.hangs_on]
        mark = " – " if self.cells else " " if before and before[-1].endswith(("?", "？")) else ": "
        said = mark.join(filter(None, [": ".join(filter(None, before)), text]))
        return said if _ENDS.search(said) or self.kind not in ("item", "row") else f"{said}."


def opening_of(text: str) -> str:
    """Return what of a line above a list its items hang on: of a long paragraph its last sentence."""
    last = re.split(r"(?<=[.!?。！？])\s+", text)[-1] if len(text) > OPENING_CHARS else text
    return last.rstrip(" :：.")


@dataclass
class Page:
    """What a file or a text holds. ``written``: the day or time that it names as its own, ISO.

    ``letter``: somebody writes to somebody in it; its title is a subject line, and "it" is something else.
    """

    title: str | None = None
    blocks: list[Block] = field(default_factory=list)
    written: str | None = None
    letter: bool = False

    @property
    def text(self) -> str:
        return text_of(self.blocks)


def text_of(blocks: Iterable[Block]) -> str:
    """Return blocks as paragraphs, a heading before the first paragraph that stands under it."""
    found: list[str] = []
    above: tuple[str, ...] = ()
    for block in blocks:
        new = [heading for heading, old in _aligned(block.path, above) if heading != old]
        carried = block.hangs_on[:1] == block.path[-1:] or block.kind == "answer"
        found += new[: len(new) - 1] if carried and new else new
        above = block.path if not carried else block.path[:-1] + above[len(block.path) - 1 :][:1]
        found.append(block.said)
    return "\n\n".join(part for part in found if part)


def _aligned(path: tuple[str, ...], above: tuple[str, ...]) -> list[tuple[str, str | None]]:
    """Each heading of ``path`` with what stood in its place before; after the first that is new, all are new."""
    pairs: list[tuple[str, str | None]] = []
    same = True
    for place, heading in enumerate(path):
        same = same and place < len(above) and above[place] == heading
        pairs.append((heading, heading if same else None))
    return pairs
