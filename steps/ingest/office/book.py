"""EPUB as Markdown: its chapters in their order, by the path of HTML; without cover, contents and notes on the side."""

import posixpath
from typing import Any
from urllib.parse import unquote

from steps.ingest.encodings import decoded
from steps.ingest.markup import Converted
from steps.ingest.office.archive import opened, parsed
from steps.kinds.entry import RecordRejected

_NAMES = {
    "c": "urn:oasis:names:tc:opendocument:xmlns:container",
    "o": "http://www.idpf.org/2007/opf",
    "dc": "http://purl.org/dc/elements/1.1/",
    "e": "http://www.w3.org/2001/04/xmlenc#",
}
_CONTAINER, _LOCKS = "META-INF/container.xml", "META-INF/encryption.xml"


def read_book(content: bytes) -> Converted:
    """Return what the chapters of a book say."""
    from steps.kinds.document.html import body_markdown

    archive = opened(content, needs=_CONTAINER)
    root = parsed(archive, _CONTAINER).find(".//c:rootfile", _NAMES)
    package = parsed(archive, str(root.get("full-path")))
    home = posixpath.dirname(str(root.get("full-path")))
    items = {item.get("id"): item for item in package.iterfind(".//o:manifest/o:item", _NAMES)}
    chapters = []
    for reference in package.iterfind(".//o:spine/o:itemref", _NAMES):
        item = items.get(reference.get("idref"))
        if item is None or reference.get("linear") == "no" or "nav" in str(item.get("properties", "")).split():
            continue
        if "html" in str(item.get("media-type")):
            chapters.append(posixpath.normpath(posixpath.join(home, unquote(str(item.get("href"))))))
    if set(chapters) & _locked(archive):
        raise RecordRejected("locked", "it is protected (DRM): only a copy without protection can be read")
    body = "\n\n".join(filter(None, (body_markdown(decoded(archive.read(name))[0]).strip() for name in chapters)))
    title = str(package.findtext(".//dc:title", "", _NAMES)).strip()
    return Converted(body, title, _modified(package))


def _locked(archive: Any) -> set[str]:
    """The parts that are encrypted; fonts often are, and do no harm."""
    if _LOCKS not in archive.namelist():
        return set()
    found = parsed(archive, _LOCKS).iterfind(".//e:CipherReference", _NAMES)
    return {posixpath.normpath(unquote(str(reference.get("URI")))) for reference in found}


def _modified(package: Any) -> str:
    for meta in package.iterfind(".//o:metadata/o:meta", _NAMES):
        if meta.get("property") == "dcterms:modified" and meta.text:
            return str(meta.text).strip()
    return str(package.findtext(".//dc:date", "", _NAMES)).strip()
