"""What stands before a page: front matter, heads of mails, titles with the name of a site; titles and dates from it."""

import json
import re
import tomllib
from datetime import date, datetime
from email.utils import parsedate_to_datetime
from typing import Any

import yaml

from steps.ingest.normalise import one_line

TITLE_CHARS = 160
_YAML = re.compile(r"\A---[ \t]*\n(?P<body>(?:(?!---|\.\.\.).*\n){0,200}?)(?:---|\.\.\.)[ \t]*(?:\n|\Z)")
_TOML = re.compile(r"\A\+\+\+[ \t]*\n(?P<body>(?:(?!\+\+\+).*\n){0,200}?)\+\+\+[ \t]*(?:\n|\Z)")
_JSON = re.compile(r"\A\{[ \t]*\n(?P<body>(?:[^{}\n]*\n){1,200}?)\}[ \t]*(?:\n|\Z)")
_MAIL = re.compile(
    r"\A(?:(?:subject|from|to|cc|bcc|date|sent|reply-to|message-id|betreff|von|an|datum):[^\n]*\n"
    r"(?:[ \t]+[^\n]*\n)*){2,}",
    re.I,
)
_MAIL_LINE = re.compile(r"^(?P<name>[A-Za-z-]+):[ \t]*(?P<value>[^\n]*)", re.MULTILINE)
# Names under which a page says when it was written, the last change first.
_WRITTEN = (
    "last_reviewed",
    "last_modified",
    "lastmod",
    "modified",
    "updated",
    "revised",
    "date",
    "created",
    "published",
)
_REPLY = re.compile(r"^(?:(?:re|fwd?|aw|wg|antw|tr|rv):\s*)+", re.IGNORECASE)
_SITE = re.compile(r"\s+(?:\||–|—|-|::|·|»)\s+")


def front_matter(text: str) -> tuple[dict[str, Any], str]:
    """Return what a page says of itself before its text (YAML, TOML or JSON; {} if nothing), and the rest."""
    for pattern, read in (
        (_YAML, yaml.safe_load),
        (_TOML, tomllib.loads),
        (_JSON, lambda body: json.loads(f"{{{body}}}")),
    ):
        if match := pattern.match(text):
            try:
                said = read(match["body"])
            except (yaml.YAMLError, tomllib.TOMLDecodeError, ValueError, RecursionError):
                said = dict(_MAIL_LINE.findall(match["body"])) if pattern is _YAML else None
            if isinstance(said, dict):
                return {str(key).lower().replace("-", "_"): value for key, value in said.items()}, text[match.end() :]
            if said is None and pattern is _YAML:
                return {}, text[match.end() :]
    return {}, text


def mail_head(text: str) -> tuple[dict[str, str], str]:
    """Return the head of a mail that is kept as text, by lower-case name ({} if it has none), and the body."""
    match = _MAIL.match(text)
    if not match:
        return {}, text
    return {name.lower(): value for name, value in _MAIL_LINE.findall(match[0])}, text[match.end() :]


def written_on(head: dict[str, Any]) -> str | None:
    """Return the day or time that a head names as the page's own, ISO; None if it names none that can be read."""
    for name in _WRITTEN:
        value = head.get(name)
        if isinstance(value, date):  # a datetime is one
            return value.isoformat()
        if isinstance(value, str) and value.strip():
            try:
                return datetime.fromisoformat(value.strip()).isoformat()
            except ValueError:
                pass
            try:
                return parsedate_to_datetime(value.strip()).isoformat()
            except (ValueError, TypeError, IndexError):
                continue
    return None


def title_parts(title: str) -> list[str]:
    """Return what a page's title is put together of: its own name and its site's."""
    return [part.strip() for part in _SITE.split(one_line(title)) if part.strip()]


def clean_title(title: Any, *, site: bool = False) -> str | None:
    """Return a title on one line, of at most ``TITLE_CHARS``, without "Re:"; ``site``: without what names the site."""
    text = _REPLY.sub("", one_line(str(title))) if title else ""
    if site:
        text = _SITE.split(text)[0]
    if len(text) > TITLE_CHARS:
        text = text[:TITLE_CHARS].rsplit(" ", 1)[0].rstrip(" ,;:–-")
    return text or None
