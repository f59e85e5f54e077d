"""Mails in their own format, one in a file or many in a mailbox: subject, date and what was written."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from email import message_from_bytes
from email.message import MIMEPart
from email.policy import default

from steps.ingest.encodings import decoded
from steps.kinds.entry import RecordRejected

SUFFIXES = (".eml", ".mbox")
# The line before a mail in a mailbox: "From ina@example.org Mon Mar  2 10:00:00 2026".
_FROM = re.compile(rb"^From \S+.*\d{4}[^\n]*\n", re.MULTILINE)
_QUOTED_FROM = re.compile(rb"^>(>*From )", re.MULTILINE)


@dataclass(frozen=True)
class Mail:
    """What a mail holds; ``date`` as its head has it, ``attached``: how many files came with it."""

    subject: str
    date: str
    body: str
    is_html: bool
    attached: int = 0
    sender: str = ""


def mails_of(content: bytes, suffix: str) -> Iterator[bytes]:
    """Yield the mails of a file, each as it was sent.

    Raises:
        RecordRejected: a mailbox without a mail.
    """
    if suffix == ".eml":
        yield content
        return
    starts = [*_FROM.finditer(content)]
    if not starts or content[: starts[0].start()].strip():
        raise RecordRejected("damaged", "it is no mailbox: it does not begin with a line 'From ADDRESS DATE'")
    for start, after in zip(starts, [*starts[1:], None], strict=True):
        mail = content[start.end() : after.start() if after else len(content)]
        yield _QUOTED_FROM.sub(rb"\1", mail)


def mail_of(content: bytes) -> Mail:
    """Return the mail that ``content`` is: its text, or else its HTML.

    Raises:
        RecordRejected: it is too broken to be read, or in an encoding that cannot be told.
    """
    try:
        mail = message_from_bytes(content, policy=default)
        body = mail.get_body(("plain", "html"))
        attached = sum(part.is_attachment() for part in mail.walk())
        html = body is not None and body.get_content_subtype() == "html"
        said = _said(body) if body else ""
        return Mail(str(mail["subject"] or ""), str(mail["date"] or ""), said, html, attached, str(mail["from"] or ""))
    except RecordRejected:
        raise
    except Exception as error:  # the parser of heads raises many kinds, and a broken mail must not cost the others
        reason = f"the mail is broken ({type(error).__name__}): save what it says as text"
        raise RecordRejected("damaged", reason) from None


def _said(body: MIMEPart) -> str:
    """The text of a part, by the encoding that it names, or by what its bytes look like."""
    raw = body.get_payload(decode=True)
    if not isinstance(raw, bytes) or not raw:
        return ""
    try:
        return raw.decode(body.get_content_charset("utf-8"))
    except (LookupError, ValueError):
        return decoded(raw)[0]
