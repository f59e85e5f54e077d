"""Plain text as blocks: numbered sections and clauses, lists, mails with their quotes, words broken at line ends."""

import re
from collections.abc import Iterable, Iterator

from steps.ingest.mails import Mail
from steps.ingest.normalise import one_line, visible
from steps.kinds.document.blocks import Block, Page
from steps.kinds.document.heads import clean_title, mail_head, written_on
from steps.kinds.document.moments import undated

_QUOTED = re.compile(r"^[ \t]*>")
_WROTE = re.compile(
    r"^(?:On|Am|Le|El|Il|Op)\b[^\n]{5,160}"
    r"(?:wrote|schrieb[^\n]{0,60}|a écrit|escribió|ha scritto|schreef)[^\n]{0,60}:\s*$"
    r"|^-{2,}\s*(?:original message|forwarded message|ursprüngliche nachricht|message d'origine)\b",
    re.IGNORECASE,
)
_SIGNATURE = re.compile(r"^-- ?$")
_RULE = re.compile(r"^[ \t]*[=\-_*~]{3,}[ \t]*$")
_SECTION = re.compile(r"^(?P<number>\d{1,2})\.?[ \t]+(?P<text>[A-ZÀ-Þ][^\n.]{0,70})$")
_CLAUSE = re.compile(r"^[ \t]*(?P<number>\d{1,2}(?:\.\d{1,2})+)\.?[ \t]+(?P<text>\S.*)$")
_ITEM = re.compile(r"^(?P<indent>[ \t]*)(?:[-*•–]|\d{1,2}[.)]|\(?[a-z]\)|\([ivx]+\))[ \t]+(?P<text>\S.*)$")
# Words that keep the hyphen at which a line broke; every other word was one before.
_HYPHENED = re.compile(
    r"\b(?:well|self|non|co|ex|half|high|low|long|short|all|cross|semi|part|full|two|three|four|five|six|ten|one|first"
    r"|second|third|mid|anti|pre|post|multi|best|better|so|e|x|up|to|in|of|on|by|pro|ultra|vice|counter|quasi)$",
    re.IGNORECASE,
)
_BROKEN = re.compile(r"(?P<left>[^\W\d_]+)-\n[ \t]*(?P<right>[^\W\d_]+)")
_ENDS = re.compile(r"[.!?…]['\"”’)]*$")
_ASIDE = re.compile(
    r"^(?:cheers|(?:best|kind|warm) (?:wishes|regards)|regards|thanks|mfg|viele grüße|cordialement|saludos)\b"
    r"|^p\.?s\.?:"
    r"|^\(c\) [A-Z]|©|all rights reserved|confidential|think of the trees|unsubscribe",
    re.IGNORECASE,
)
_DAY = re.compile(
    r"\d{1,2}\.? [^\W\d]+\.? \d{4}|[A-Z][a-z]+ \d{1,2}, \d{4}|\d{1,2}[./]\d{1,2}[./]\d{4}|\d{4}-\d\d-\d\d"
)
TITLE_CHARS = 80


def read_plain(text: str) -> Page:
    """Return the page that a plain text is.

    Its title is a mail's subject, or a first line of at most 80 characters that does not end like a sentence.
    """
    head, body = mail_head(visible(text).lstrip("\n"))
    page = Page(clean_title(head.get("subject") or head.get("betreff")), written=written_on(head), letter=bool(head))
    lines = _own(body) if head or any(map(_WROTE.match, body.split("\n"))) else body.split("\n")
    own = joined(lines)
    if page.title is None:
        page.title, own = _titled(own)
    page.blocks = _without_openings([*_blocks(own), *_earlier(body, head.get("from") or head.get("von") or "")])
    return page


def read_mail(mail: Mail) -> Page:
    """Return the page that a mail is: subject, date, and what its writer says."""
    from steps.kinds.document.html import read_html

    if mail.is_html:
        page = read_html(mail.body)
    else:
        text = visible(mail.body)
        page = Page(blocks=_without_openings([*_blocks(joined(_own(text))), *_earlier(text, mail.sender)]))
    page.title = clean_title(mail.subject) or page.title
    page.written = written_on({"date": mail.date}) or page.written
    page.letter = True
    return page


def _without_openings(blocks: list[Block]) -> list[Block]:
    """Leave out an item that only opens what stands below it: "You must not"."""
    above = {block.under[-1] for block in blocks if block.under}
    return [b for b in blocks if not (b.kind == "item" and b.text in above and len(b.text.split()) < 5)]


def _own(body: str) -> Iterator[str]:
    """What the writer of a mail says: neither what is quoted nor the signature."""
    for line in body.split("\n"):
        if _SIGNATURE.match(line) or _WROTE.match(line):
            return
        if not _QUOTED.match(line):
            yield line


def _earlier(body: str, sender: str) -> Iterator[Block]:
    """What the sender of a mail said in earlier ones that it quotes, under their days; what others said is left out."""
    names = {word for word in re.findall(r"\w{2,}", re.sub(r"<.*|,.*|\S+@\S+", "", sender).casefold())}
    said: list[str] = []
    wrote = None  # the line that names who wrote what follows, if that was the sender
    for line in [*body.split("\n"), "On the end of it, nobody wrote:"]:
        plain = re.sub(r"^(?:[ \t]*>)+[ \t]?", "", line)
        if _WROTE.match(plain):
            if wrote and (text := joined(said)):
                day = _DAY.search(wrote)
                path = (one_line(day[0] if day else wrote.rstrip(":")),)
                for block in _blocks(text):
                    if undated(block.text) is None and block.kind in ("paragraph", "item"):
                        yield block.model_copy(update={"path": (*path, *block.path)})
            said, wrote = [], plain if names and names <= set(re.findall(r"\w{2,}", plain.casefold())) else None
        elif _SIGNATURE.match(plain):
            wrote = None if not said else wrote
        elif _QUOTED.match(line):
            said.append(plain)


def joined(lines: Iterable[str]) -> str:
    """Join lines, and words that were broken at the end of one; a hyphen that belongs to the word stays."""
    text = "\n".join(lines).strip("\n ")
    plain = text.casefold()
    flat = plain.replace("\n", " ")

    def join(match: re.Match[str]) -> str:
        left, right = match["left"], match["right"]
        hyphen = _HYPHENED.search(left) or right[0].isupper() or f"{left}-{right}".casefold() in flat
        whole = f"{left}{right}".casefold() in plain
        return f"{left}-{right}" if hyphen and not whole else f"{left}{right}"

    return _BROKEN.sub(join, text)


def _titled(text: str) -> tuple[str | None, str]:
    first, _, rest = text.partition("\n")
    marked = re.match(r"#[ \t]+(\S.*)", first)
    title = one_line(marked[1] if marked else first)
    if marked or (title and len(title) <= TITLE_CHARS and title[-1] not in ".!?:;," and not _ITEM.match(first)):
        rest = re.sub(r"\A[ \t]*[=\-_*~]{3,}[ \t]*\n", "", rest)
        return clean_title(title), rest if rest.strip() else text
    return None, text


def _blocks(text: str) -> Iterator[Block]:
    path: tuple[str, ...] = ()
    opening, items = "", list[str]()
    chunks = re.split(r"\n[ \t]*(?:\n[ \t]*)+", text)
    for chunk, after in zip(chunks, [*chunks[1:], ""], strict=True):
        lines = [line for line in chunk.split("\n") if line.strip() and not _RULE.match(line)]
        section = _heading(lines[0], alone=True, opens=_is_item(after.split("\n")[0])) if len(lines) == 1 else None
        if section:
            path, opening = (section,), ""
            continue
        for kind, words, level in _units(lines):
            said = one_line(words)
            if kind == "section":
                path, opening, items = (said,), "", []
            elif kind == "paragraph":
                opening, items = said, []
                aside = (len(said) < 200 and _ASIDE.search(said)) or (said.endswith(",") and len(said.split()) < 5)
                yield Block(kind="aside" if aside else "paragraph", text=said, path=path)
            else:
                said = said.rstrip(" ,;")
                items = [*items[:level], said]
                lead = (opening,) if opening.endswith(":") else path[-1:]
                parents = tuple(items[:-1])
                yield Block(kind="item", text=said, path=path, under=(*lead, *parents))


def _is_item(line: str) -> bool:
    return _ITEM.match(line) is not None and _SECTION.match(line.strip()) is None


def _heading(line: str, *, alone: bool, opens: bool = False) -> str | None:
    """A line that stands for what follows: a numbered section, capitals, or a short one that ``opens`` a list."""
    section = _SECTION.match(line.strip())
    if section:
        return section["text"].strip()
    text = line.strip()
    capital = text.isupper() and 3 < len(text) <= 60 and not _ENDS.search(text)
    if opens and len(text) <= 60 and not _ENDS.search(text) and text[-1] not in ":;," and not _ITEM.match(text):
        return text
    return text.capitalize() if alone and capital else None


def _units(lines: list[str]) -> Iterator[tuple[str, str, int]]:
    """Yield (kind, words, level) of what a run of lines holds; a line that opens nothing goes on with the last one."""
    kind, words, level, base = "", list[str](), 0, 0
    for line in lines:
        clause, item = _CLAUSE.match(line), None if _ASIDE.match(line) else _ITEM.match(line)
        section = _heading(line, alone=False) if not clause and _SECTION.match(line) else None
        follows = section and any(_CLAUSE.match(other) for other in lines[lines.index(line) + 1 :][:1])
        if clause or item or follows:
            if words:
                yield kind, " ".join(words), level
            if follows:
                kind, words, level, base = "section", [str(section)], 0, 0
            elif clause:
                kind, words, level, base = "item", [clause["text"]], 0, 1
            else:
                assert item is not None
                kind, words, level = "item", [item["text"]], base
        elif words:
            words.append(line.strip())
        else:
            kind, words, level, base = "paragraph", [line.strip()], 0, 0
    if words:
        yield kind, " ".join(words), level
