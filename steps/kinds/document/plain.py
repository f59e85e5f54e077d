"""Plain text as blocks: numbered sections and clauses, lists, mails with their quotes, words broken at line ends."""

import re
from collections.abc import Iterable, Iterator
from itertools import pairwise

from steps.ingest.mails import Mail
from steps.ingest.normalise import one_line, visible
from steps.kinds.document.asides import FORWARDED, is_aside, is_attribution, is_closing, unwrapped
from steps.kinds.document.blocks import Block, Page
from steps.kinds.document.heads import clean_title, mail_head, written_on
from steps.kinds.document.inline import NAMED
from steps.kinds.document.moments import undated
from steps.kinds.document.quotes import QUOTED, SIGNATURE, has_quotes, own_lines
from steps.sentences import FUNCTION_WORDS

_RULE = re.compile(r"^[ \t]*[=\-_*~]{3,}[ \t]*$")
_SECTION = re.compile(r"^(?P<number>\d{1,2})\.?[ \t]+(?P<text>[A-ZÀ-Þ][^\n.]{0,70})$")
_NUMBERED = re.compile(r"^[ \t]*\d{1,2}[.)]?[ \t]+\S")
_CLAUSE = re.compile(r"^[ \t]*(?P<number>\d{1,2}(?:\.\d{1,2})+)\.?[ \t]+(?P<text>\S.*)$")
_ITEM = re.compile(r"^(?P<indent>[ \t]*)(?:[-*•–]|\d{1,2}[.)]|\(?[a-z]\)|\([ivx]+\))[ \t]+(?P<text>\S.*)$")
# Words that keep the hyphen at which a line broke; every other word was one before.
_HYPHENED = re.compile(
    r"\b(?:well|self|non|co|ex|half|high|low|long|short|all|cross|semi|part|full|two|three|four|five|six|ten|one|first"
    r"|second|third|mid|anti|pre|post|multi|best|better|so|e|x|up|to|in|of|on|by|pro|ultra|vice|counter|quasi)$",
    re.IGNORECASE,
)
_BROKEN = re.compile(r"(?<![^\W\d_])(?P<left>[^\W\d_]+)-\n[ \t]*(?P<right>[^\W\d_]+)")
_WORD, _COMPOUND = re.compile(r"[^\W\d_]+"), re.compile(r"(?<![^\W\d_])[^\W\d_]+(?:-[^\W\d_]+)+")
_ENDS = re.compile(r"[.!?…]['\"”’)]*$")
_DAY = re.compile(
    r"\d{1,2}\.? [^\W\d]+\.? \d{4}|[A-Z][a-z]+ \d{1,2}, \d{4}|\d{1,2}[./]\d{1,2}[./]\d{4}|\d{4}-\d\d-\d\d"
)
TITLE_CHARS = 80
_TITLE_WORDS, _SECTION_WORDS = 8, 6
_WRAPPED = 0.7  # of the longest line a wrapped one fills at least so much
_SENDER_CHARS = 200


def read_plain(text: str) -> Page:
    """Return the page that a plain text is.

    Its title is a mail's subject, or a first line of at most 80 characters that does not end like a sentence and is not
    the first half of one.
    """
    head, body = mail_head(visible(text).lstrip("\n"))
    page = Page(clean_title(head.get("subject") or head.get("betreff")), written=written_on(head), letter=bool(head))
    body = unwrapped(body)
    own = joined(own_lines(body, mail=bool(head)) if head or has_quotes(body) else body.split("\n"))
    if page.title is None:
        page.title, own = _titled(own)
    page.blocks = _without_openings([*_blocks(own), *_earlier(body, head.get("from") or head.get("von") or "")])
    return page


def read_mail(mail: Mail) -> Page:
    """Return the page that a mail is: subject, date, and what its writer says."""
    from steps.kinds.document.html import read_html

    if mail.is_html:
        page = read_html(mail.body, letter=True)
    else:
        text = unwrapped(visible(mail.body))
        own = joined(own_lines(text, mail=True))
        page = Page(blocks=_without_openings([*_blocks(own), *_earlier(text, mail.sender)]))
    page.title = clean_title(mail.subject) or page.title
    page.written = written_on({"date": mail.date}) or page.written
    page.letter = True
    return page


def _without_openings(blocks: list[Block]) -> list[Block]:
    """Leave out an item that only opens what stands below it: "You must not"."""
    above = {block.under[-1] for block in blocks if block.under}
    return [b for b in blocks if not (b.kind == "item" and b.text in above and len(b.text.split()) < 5)]


def _earlier(body: str, sender: str) -> Iterator[Block]:
    """What the sender of a mail said in earlier ones that it quotes, under their days; what others said is left out."""
    names = {word for word in re.findall(r"\w{2,}", re.sub(r"<.*|,.*|\S+@\S+", "", sender[:_SENDER_CHARS]).casefold())}
    said: list[str] = []
    wrote = None  # the line that names who wrote what follows, if that was the sender
    for line in [*body.split("\n"), "On the end of it, nobody wrote:"]:
        plain = re.sub(r"^(?:[ \t]*>)+[ \t]?", "", line)
        if is_attribution(plain) or FORWARDED.match(plain):
            if wrote and (text := joined(said)):
                day = _DAY.search(wrote)
                path = (one_line(day[0] if day else wrote.rstrip(":")),)
                for block in _blocks(text):
                    if undated(block.text) is None and block.kind in ("paragraph", "item"):
                        yield block.model_copy(update={"path": (*path, *block.path)})
            said, wrote = [], plain if names and names <= set(re.findall(r"\w{2,}", plain.casefold())) else None
        elif SIGNATURE.match(plain):
            wrote = None if not said else wrote
        elif QUOTED.match(line):
            said.append(plain)


def joined(lines: Iterable[str]) -> str:
    """Join lines, and words that were broken at the end of one; a hyphen that belongs to the word stays."""
    text = "\n".join(lines).strip("\n ")
    words = set(_WORD.findall(text.casefold()))
    pairs = {pair for compound in _COMPOUND.findall(text.casefold()) for pair in pairwise(compound.split("-"))}

    def join(match: re.Match[str]) -> str:
        left, right = match["left"], match["right"]
        hyphen = _HYPHENED.search(left) or right[0].isupper() or (left.casefold(), right.casefold()) in pairs
        whole = f"{left}{right}".casefold() in words
        return f"{left}-{right}" if hyphen and not whole else f"{left}{right}"

    return _BROKEN.sub(join, text)


def _titled(text: str) -> tuple[str | None, str]:
    first, _, rest = text.partition("\n")
    marked = re.match(r"#[ \t]+(\S.*)", first)
    title = one_line(marked[1] if marked else first)
    short = title and len(title) <= TITLE_CHARS and title[-1] not in ".!?:;," and not _ITEM.match(first)
    if marked or (short and _stands_alone(first, rest)):
        rest = re.sub(r"\A[ \t]*[=\-_*~]{3,}[ \t]*\n", "", rest)
        return clean_title(title), rest if rest.strip() else text
    return None, text


def _stands_alone(first: str, rest: str) -> bool:
    """Whether a first line is one for itself, and not the beginning of a text that was wrapped.

    A blank line or a rule follows, or an item; or the line was ended though the next word had room.
    """
    below = rest.split("\n\n", 1)[0].split("\n")
    if not below[0].strip() or _RULE.match(below[0]) or first.isupper():
        return True
    if first.split()[-1].lower() in FUNCTION_WORDS or len(first.split()) > _TITLE_WORDS:
        return False
    if _ITEM.match(below[0]) or _CLAUSE.match(below[0]) or _SECTION.match(below[0]):
        return True
    next_word = below[0].split()[0]
    return not next_word[0].islower() and len(first) + 1 + len(next_word) < _WRAPPED * max(map(len, below))


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
        if _opens_a_section(lines):
            path, opening, items = (str(_heading(lines[0], alone=True)),), "", []
            lines = lines[1:]
        named = [NAMED.fullmatch(line.strip()) for line in lines]
        if len(named) > 1 and all(named):  # "Gate 1: 06:00 - 18:30", line by line
            rows = [((one["name"], one_line(one["value"])),) for one in named if one]
            yield from (Block(kind="row", text="", path=path, cells=cells) for cells in rows)
            continue
        for kind, words, level in _units(lines):
            said = one_line(words)
            if kind == "section":
                path, opening, items = (said,), "", []
            elif kind == "paragraph":
                opening, items = said, []
                aside = is_aside(said) or is_closing(said) or (said.endswith(",") and len(said.split()) < 5)
                yield Block(kind="aside" if aside else "paragraph", text=said, path=path)
            else:
                said = said.rstrip(" ,;")
                items = [*items[:level], said]
                lead = (opening,) if opening.endswith(":") else path[-1:]
                parents = tuple(items[:-1])
                yield Block(kind="item", text=said, path=path, under=(*lead, *parents))


def _opens_a_section(lines: list[str]) -> bool:
    """Whether the first of some lines is the heading of a numbered section: short, with items or indented lines below,
    and none of a numbered list.
    """
    if len(lines) < 2 or not _SECTION.match(lines[0].strip()) or len(lines[0].split()) > _SECTION_WORDS:
        return False
    below = re.match(r"[ \t]*[-*•–]\s|[ \t]+[A-ZÀ-Þ]", lines[1])
    return below is not None and not any(_NUMBERED.match(line) for line in lines[1:])


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
    mark = ""
    for place, line in enumerate(lines):
        third = mark == "(b)"  # then (c) is no copyright
        clause, item = _CLAUSE.match(line), _ITEM.match(line) if third or not is_aside(line) else None
        section = _heading(line, alone=False) if not clause and _SECTION.match(line) else None
        follows = section and any(map(_CLAUSE.match, lines[place + 1 : place + 2]))
        if clause or item or follows:
            if words:
                yield kind, " ".join(words), level
            if follows:
                kind, words, level, base = "section", [str(section)], 0, 0
            elif clause:
                kind, words, level, base = "item", [clause["text"]], 0, 1
            else:
                assert item is not None
                kind, words, level, mark = "item", [item["text"]], base, line.split(maxsplit=1)[0]
        elif words:
            words.append(line.strip())
        else:
            kind, words, level, base = "paragraph", [line.strip()], 0, 0
    if words:
        yield kind, " ".join(words), level
