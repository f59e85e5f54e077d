"""Readable text and title of a Markdown, plain or HTML page. Nothing is fetched and no script is run."""

import logging
import re
from html import unescape
from html.parser import HTMLParser

from steps.ingest.normalise import one_line, paragraphs, visible

TITLE_CHARS = 80
_FRONT_MATTER = re.compile(r"\A---[ \t]*\n(?P<body>(?:(?!---|\.\.\.).*\n){0,200}?)(?:---|\.\.\.)[ \t]*(?:\n|\Z)")
_FENCE = re.compile(r"^[ \t]*(?:```|~~~)[^\n`]*$", re.MULTILINE)
_COMMENT = re.compile(r"<!--.*?(?:-->|\Z)", re.DOTALL)
_SCRIPT = re.compile(r"<(script|style)\b[^>]*>.*?(?:</\1\s*>|\Z)", re.DOTALL | re.IGNORECASE)
_TAG = re.compile(
    r"</?(?:a|abbr|b|big|blockquote|br|center|code|dd|del|details|div|dl|dt|em|font|h[1-6]|hr|i|img|ins|kbd|li|ol|p|pre"
    r"|small|span|strong|sub|summary|sup|table|tbody|td|tfoot|th|thead|tr|tt|u|ul)\b[^<>]{0,2000}>",
    re.IGNORECASE,
)
_HEADING = re.compile(r"^ {0,3}(#{1,6})[ \t]+(.*?)[ \t]*#*[ \t]*$", re.MULTILINE)
_SETEXT = re.compile(r"^(?=\S)([^\n|]{1,200})\n {0,3}(={2,}|-{3,})[ \t]*$", re.MULTILINE)
_RULE = re.compile(r"^ {0,3}(?:(?:-[ \t]*){3,}|(?:\*[ \t]*){3,}|(?:_[ \t]*){3,}|={3,})$", re.MULTILINE)
_TABLE_RULE = re.compile(r"^[ \t]*\|?[ \t]*:?-{2,}[-:| \t]*$", re.MULTILINE)
_TABLE_ROW = re.compile(r"^[ \t]*\|(.*?)\|?[ \t]*$", re.MULTILINE)
_ITEM = re.compile(r"^[ \t]*(?:[-*+]|\d{1,3}[.)])[ \t]+(?:\[[ xX]\][ \t]+)?", re.MULTILINE)
_QUOTE = re.compile(r"^[ \t]{0,3}(?:>[ \t]?)+", re.MULTILINE)
_LINK = re.compile(r"!?\[([^\[\]\n]*)\](?:\([^()\n]*(?:\([^()\n]*\)[^()\n]*)?\)|\[[^\[\]\n]*\])")
_LINK_TARGET = re.compile(r"^[ \t]*\[[^\]\n]+\]:[ \t]+\S+.*$", re.MULTILINE)
_AUTOLINK = re.compile(r"<((?:https?://|mailto:)?[^\s<>@]*[@/][^\s<>]*)>")
_STRONG = re.compile(r"(\*{1,3}|~~)(?=\S)([^\n*~]{1,400}?)(?<=\S)\1")
_UNDERSCORE = re.compile(r"(?<!\w)(_{1,3})(?=\S)([^\n]{1,400}?)(?<=\S)\1(?!\w)")
_CODE = re.compile(r"(`{1,3})([^`\n]{1,400})\1")
_SKIPPED = {"script", "style", "noscript", "template", "nav", "footer", "aside", "form", "iframe", "object"} | {
    "svg",
    "button",
}
_INLINE = {
    "a",
    "abbr",
    "b",
    "code",
    "em",
    "i",
    "kbd",
    "mark",
    "q",
    "s",
    "small",
    "span",
    "strong",
    "sub",
    "sup",
    "time",
    "u",
}
_PRUNED = ["//nav", "//footer", "//aside", "//script", "//style"]
_ESCAPE = re.compile(r"\\([\\`*_{}\[\]()#+\-.!|>~])")


def read_markdown(text: str) -> tuple[str | None, str]:
    """Return (title or None, paragraphs) of a Markdown text; the heading that is the title is not repeated."""
    text = visible(text)
    title = None
    if front := _FRONT_MATTER.match(text):
        text = text[front.end() :]
        if named := re.search(r"^title:[ \t]*(\S.*)$", front["body"], re.MULTILINE | re.IGNORECASE):
            title = named[1].strip(" \t\"'")
    text = _SCRIPT.sub("", _COMMENT.sub("", text))
    text = _SETEXT.sub(lambda m: f"{'#' if m[2][0] == '=' else '##'} {m[1]}", text)
    heading = re.search(r"^ {0,3}#[ \t]+(.*?)[ \t]*#*[ \t]*$", text, re.MULTILINE)
    if heading and heading[1]:
        title = heading[1]
        before, after = text[: heading.start()], text[heading.end() :]
        text = before + "\n" + after if not before.strip() and after.strip() else text
    plain = paragraphs(_without_marks(text))
    return (one_line(_without_marks(title)) or None) if title else None, plain


def read_plain(text: str) -> tuple[str | None, str]:
    """Return (title or None, paragraphs) of a plain text.

    A first line of at most 80 characters that does not end like a sentence is the title, and is not repeated.
    """
    text = visible(text).strip("\n ")
    first, _, rest = text.partition("\n")
    marked = re.match(r"#[ \t]+(\S.*)", first)
    title = one_line(marked[1] if marked else first)
    if marked or (title and len(title) <= TITLE_CHARS and title[-1] not in ".!?:;,"):
        return title, paragraphs(rest if rest.strip() else text)
    return None, paragraphs(text)


def read_html(text: str) -> tuple[str | None, str]:
    """Return (title or None, paragraphs) of an HTML page, by trafilatura, else its visible text."""
    page = _Page()
    page.feed(text)
    page.close()
    title = one_line(page.title) or one_line(page.heading) or None
    lines = _trafilatura(text) or "".join(page.parts)
    blocks = [paragraphs(line.strip(" |")) for line in visible(lines).split("\n") if line.strip(" |")]
    if len(blocks) > 1 and blocks[0].casefold() in {(title or "").casefold(), one_line(page.heading).casefold()}:
        blocks = blocks[1:]
    return title, "\n\n".join(blocks)


def _trafilatura(text: str) -> str | None:
    try:
        import trafilatura

        logging.getLogger("trafilatura").setLevel(logging.CRITICAL)
        return trafilatura.extract(text, output_format="txt", include_comments=False, prune_xpath=_PRUNED, fast=True)
    except Exception:
        # A page that trips the extractor (or an installation without lxml_html_clean) must not cost the record.
        return None


def _without_marks(text: str) -> str:
    text = _TAG.sub(lambda m: "\n" if m[0].lower().startswith(("<br", "<p", "</p", "<li", "<tr", "<div")) else "", text)
    text = _LINK_TARGET.sub("", _FENCE.sub("\n", text))
    text = _TABLE_RULE.sub("", text)
    text = _TABLE_ROW.sub(lambda m: " | ".join(cell.strip() for cell in m[1].split("|")) + "\n", text)
    text = _RULE.sub("\n", _QUOTE.sub("", text))
    text = _HEADING.sub(r"\n\2\n", text)
    text = _ITEM.sub("\n", text)  # each item becomes a paragraph
    text = _LINK.sub(r"\1", _LINK.sub(r"\1", text))  # twice: an image may be the text of a link
    text = _AUTOLINK.sub(r"\1", text)
    text = _STRONG.sub(r"\2", _STRONG.sub(r"\2", text))
    text = _CODE.sub(r"\2", _UNDERSCORE.sub(r"\2", text))
    return unescape(_ESCAPE.sub(r"\1", text))


class _Page(HTMLParser):
    """Title, first heading and visible text of a page; scripts, styles and navigation are left out."""

    def __init__(self):
        super().__init__(convert_charrefs=True)
        self.title, self.heading, self.parts = "", "", []
        self._skipped, self._in, self._headed = 0, "", False

    def handle_starttag(self, tag, attrs):
        self._skipped += tag in _SKIPPED
        if tag in ("title", "h1"):
            self._in = tag
        if tag not in _INLINE and tag not in ("td", "th"):
            self.parts.append("\n")

    def handle_endtag(self, tag):
        self._skipped = max(0, self._skipped - (tag in _SKIPPED))
        if tag == self._in:
            self._headed, self._in = self._headed or tag == "h1", ""
        if tag in ("td", "th"):
            self.parts.append(" | ")
        elif tag not in _INLINE:
            self.parts.append("\n")

    def handle_data(self, data):
        if self._in == "title":
            self.title += data
            return
        if self._in == "h1" and not self._headed:
            self.heading += data
        if not self._skipped:
            self.parts.append(data.replace("\n", " "))
