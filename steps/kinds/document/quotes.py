"""Which lines of a mail are its writer's own, and which are quoted."""

import re
from collections.abc import Iterator

from steps.kinds.document.asides import FORWARDED, introduces_a_quote, is_attribution, is_of_a_program

QUOTED = re.compile(r"^[ \t]*>")
SIGNATURE = re.compile(r"^-- ?$")


def own_lines(body: str, *, mail: bool) -> Iterator[str]:
    """What the writer of a mail says: neither what is quoted, wherever it stands, nor the signature.

    Some programs quote without marks: what stands below the line of such a one is another mail's.
    """
    lines = body.split("\n")
    quoted = _before_quotes(lines)
    for line, quote_follows in zip(lines, quoted, strict=True):
        if SIGNATURE.match(line) or FORWARDED.match(line):
            return
        if QUOTED.match(line) or (quote_follows and introduces_a_quote(line)):
            continue
        if mail and is_attribution(line) and is_of_a_program(line):
            return
        yield line


def _before_quotes(lines: list[str]) -> list[bool]:
    """For each line, whether the next one that is not empty is quoted."""
    found, follows = list[bool](), False
    for line in reversed(lines):
        found.append(follows)
        follows = QUOTED.match(line) is not None if line.strip() else follows
    return found[::-1]


def has_quotes(body: str) -> bool:
    """Whether a text without the head of a mail is one: a line names who wrote what is quoted below it."""
    lines = body.split("\n")
    return any(follows and is_attribution(line) for line, follows in zip(lines, _before_quotes(lines), strict=True))
