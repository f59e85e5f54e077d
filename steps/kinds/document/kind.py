"""A document as a kind of experience."""

from collections.abc import Sequence
from typing import ClassVar, Literal

from steps.ingest.normalise import paragraphs
from steps.kinds.cleaning import Cleaning
from steps.kinds.document.pages import read_html, read_markdown, read_plain
from steps.kinds.document.sources import Source, context_of, passages
from steps.kinds.entry import Entry, Text
from steps.kinds.kind import Dreaming, Kind, Shown
from steps.orders import is_order
from steps.records import Dream, Experience


class DocumentEntry(Entry):
    kind: Literal["document"]
    title: Text
    text: Text


class Document(Kind):
    """Read from Markdown, plain text, HTML, or a line of JSONL; one question and more about each of its facts."""

    name = "document"
    entry = DocumentEntry
    files: ClassVar = {".md": read_markdown, ".txt": read_plain, ".html": read_html, ".htm": read_html}

    def of_file(self, title: str, text: str) -> Entry:
        return DocumentEntry.model_construct(kind="document", title=title, text=text)

    def of_line(self, entry: DocumentEntry) -> Entry:
        return entry.model_copy(update={"text": read_markdown(entry.text)[1] or entry.text})

    def shown(self, entry: DocumentEntry, cleaning: Cleaning) -> Shown:
        return Shown(entry.title, cleaning.redacted(paragraphs(cleaning.bounded(entry.text))), {})

    def lessons(self, experiences: Sequence[Experience], dreaming: Dreaming) -> list[Dream]:
        from steps.kinds.document.dreaming import document_dreams

        plain = [experience for experience in experiences if not is_order(experience.title)]
        if len(plain) < len(experiences):
            dreaming.refused["its title is an order to a model"] += len(experiences) - len(plain)
        return document_dreams(plain, dreaming)

    def passages(self, experience: Experience) -> list[Source]:
        return passages(experience)

    def context(self, experience: Experience, sentence: int | None) -> str:
        return context_of(experience, sentence)
