"""Pieces of Markdown: words that are no marks, tables with heads, a page with its title and its date."""

import json
import re
from dataclasses import dataclass, field

_MARKS = re.compile(r"([\\`*_\[\]<>|~])")
_OPENS = re.compile(r"^(\s*)(?:([#+-])(?=\s|#)|(\d{1,9})([.)])(?=\s))")
# What programs write where nobody gave a title.
_NO_TITLE = re.compile(
    r"(?:\(.*\)|microsoft (?:word|excel|powerpoint)\b.*|(?:word|powerpoint|excel) (?:document|presentation)"
    r"|(?:untitled|unbenannt).*|(?:document|dokument|presentation|präsentation|présentation|book|mappe|workbook|slide|folie|page|seite)\s*\d*"
    r"|.*\.(?:docx?|xlsx?|pptx?|odt|indd|tex|dvi|rtf|md|html?))",
    re.IGNORECASE,
)
COVER_CHARS = 400  # what may stand above a title: a firm's name, a date
_HEADING = re.compile(r"^(#{1,5}) (?=\S)", re.MULTILINE)


@dataclass
class Converted:
    """What a file says as Markdown; ``title`` and ``modified`` (ISO) as its properties have them; what was left out."""

    body: str
    title: str = ""
    modified: str = ""
    notes: list[str] = field(default_factory=list)

    def document(self) -> str:
        """Return it as one Markdown document.

        A single heading of the first level at its top is its title; of several none is, for each opens a chapter.
        """
        body = self.body.strip("\n")
        top = [match for match in _HEADING.finditer(body) if len(match[1]) == 1]
        title = "" if _NO_TITLE.fullmatch(self.title.strip()) else " ".join(self.title.split())
        if len(top) != 1 or top[0].start() > COVER_CHARS:
            if title:
                body = f"# {escaped(title)}\n\n{body}"
            elif top:
                body = _HEADING.sub(r"#\1 ", body)
        written = f"---\nmodified: {json.dumps(self.modified)}\n---\n" if self.modified else ""
        return f"{written}{body}\n"


def escaped(text: str) -> str:
    """Return plain words so that Markdown shows them as they are."""
    text = _MARKS.sub(r"\\\1", text)
    return _OPENS.sub(lambda m: f"{m[1]}\\{m[2]}" if m[2] else f"{m[1]}{m[3]}\\{m[4]}", text)


def table(rows: list[list[str]], *, headed: bool = True) -> str:
    """Return a table of plain cells; without a head its first row is empty."""
    width = max(map(len, rows), default=0)
    full = [[escaped(" ".join(cell.split())) for cell in row] + [""] * (width - len(row)) for row in rows]
    head, body = (full[0], full[1:]) if headed and len(full) > 1 else ([""] * width, full)
    return "\n".join(f"| {' | '.join(row)} |" for row in [head, ["---"] * width, *body])


def counted(number: int, what: str, many: str | None = None) -> str:
    """Return "left out 2 pictures" and the like."""
    return f"left out {number} {what if number == 1 else many or what + 's'}"
