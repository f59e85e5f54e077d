"""Zip files from outside: looked at before anything is unpacked."""

import io
import zipfile
from typing import Any

from steps.kinds.entry import RecordRejected

MAX_ENTRIES = 10_000
MAX_UNPACKED_BYTES = 200_000_000
_OLD = b"\xd0\xcf\x11\xe0"  # an encrypted file of Office is wrapped in the container of its old formats
_XML = (".xml", ".rels", ".opf", ".ncx", ".xhtml", ".html", ".htm")
_ENTITY = tuple("<!ENTITY".encode(encoding) for encoding in ("utf-8", "utf-16-le", "utf-16-be"))
# Word's namespace in the strict form of its format, and the usual one.
_STRICT = (
    b"http://purl.oclc.org/ooxml/wordprocessingml/main",
    b"http://schemas.openxmlformats.org/wordprocessingml/2006/main",
)
# The days of the templates of python-docx and python-pptx, which files made with them carry.
_TEMPLATES = ("2013-12-23T23:15:00Z", "2013-01-27T09:15:58Z")
_NAMES = {"dc": "http://purl.org/dc/elements/1.1/", "dcterms": "http://purl.org/dc/terms/"}


def opened(content: bytes, *, needs: str) -> zipfile.ZipFile:
    """Return the archive that ``content`` is; ``needs`` is a file that it must hold.

    Raises:
        RecordRejected: it is locked, damaged, unpacks to too much, or one of its parts declares entities.
    """
    if content.startswith(_OLD):
        raise RecordRejected(
            "locked", "it is protected by a password, or in an old format: save it without, as a new one"
        )
    archive = zipfile.ZipFile(io.BytesIO(content))
    entries = archive.infolist()
    if len(entries) > MAX_ENTRIES:
        raise RecordRejected("too_costly", f"it holds {len(entries)} files, the limit is {MAX_ENTRIES}: split it")
    size = sum(entry.file_size for entry in entries)
    if size > MAX_UNPACKED_BYTES:
        limit = f"{MAX_UNPACKED_BYTES // 1_000_000} MB"
        raise RecordRejected("too_costly", f"it unpacks to {size // 1_000_000} MB, the limit is {limit}: split it")
    if any(entry.flag_bits & 1 for entry in entries):
        raise RecordRejected("locked", "it is protected by a password: save it without")
    if needs not in archive.namelist():
        raise RecordRejected("damaged", f"it has no {needs}: it is damaged, or named after another format")
    for entry in entries:
        if entry.filename.lower().endswith(_XML) and any(mark in archive.read(entry) for mark in _ENTITY):
            raise RecordRejected("damaged", "it declares entities of its own, which is not allowed: save it anew")
    return archive


def parsed(archive: zipfile.ZipFile, name: str) -> Any:
    """Return the tree of an XML part; entities are left unresolved, and nothing is fetched."""
    from lxml import etree

    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    return etree.fromstring(archive.read(name).replace(*_STRICT), parser)


def properties(archive: zipfile.ZipFile) -> tuple[str, str]:
    """Return title and day of the last change that an Office file names; "" if it names none, or its template's."""
    if "docProps/core.xml" not in archive.namelist():
        return "", ""
    core = parsed(archive, "docProps/core.xml")
    title = str(core.findtext("dc:title", "", _NAMES)).strip()
    modified = str(core.findtext("dcterms:modified", "", _NAMES)).strip()
    return title, "" if modified in _TEMPLATES else modified
