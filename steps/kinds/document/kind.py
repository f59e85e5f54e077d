"""A document as a kind of experience."""

from collections.abc import Sequence
from typing import Any, ClassVar, Literal

from pydantic import PrivateAttr

from steps.kinds.chatter import mostly_chatter
from steps.kinds.cleaning import Cleaning
from steps.kinds.document.blocks import UNASKED, Block, Page, text_of
from steps.kinds.document.html import read_html
from steps.kinds.document.markdown import read_markdown
from steps.kinds.document.moments import dated
from steps.kinds.document.plain import read_plain
from steps.kinds.document.sources import Source, context_of, passages, units, unreadable
from steps.kinds.entry import Entry, Text, created_on
from steps.kinds.kind import Dreaming, Kind, Shown, Statement
from steps.orders import is_order
from steps.records import Dream, Experience


class DocumentEntry(Entry):
    kind: Literal["document"]
    title: Text
    text: Text
    _blocks: tuple[Block, ...] = PrivateAttr(())
    _letter: bool = PrivateAttr(False)

    @classmethod
    def of_page(cls, title: str, page: Page) -> "DocumentEntry":
        """Return the entry of a page that was read."""
        blocks = tuple(page.blocks)
        entry = cls.model_construct(kind="document", title=title, text=text_of(blocks), created_at=page.written)
        entry._blocks, entry._letter = blocks, page.letter
        return entry


class Document(Kind):
    """Read from Markdown, plain text, HTML, or a line of JSONL, block by block; questions about each of its facts.

    The text is what the blocks say, each with what its meaning hangs on; the blocks themselves are the payload.
    """

    name = "document"
    entry = DocumentEntry
    versioned = True
    files: ClassVar = {
        **dict.fromkeys((".md", ".markdown", ".mdown", ".mkd", ".qmd", ".rmd"), read_markdown),
        **dict.fromkeys((".txt", ".text"), read_plain),
        **dict.fromkeys((".html", ".htm", ".xhtml"), read_html),
    }

    def of_file(self, title: str, page: Page) -> Entry:
        if not page.blocks:  # a page of a heading alone says its heading
            page.blocks.append(Block(kind="paragraph", text=title))
        return DocumentEntry.of_page(title, page)

    def of_line(self, entry: DocumentEntry) -> Entry:
        page = read_markdown(entry.text)
        read = DocumentEntry.of_page(entry.title, page)
        more = {"created_at": entry.created_at or page.written, "source": entry.source}
        found = read.model_copy(update=more)
        found._blocks = read._blocks
        return found

    def shown(self, entry: DocumentEntry, cleaning: Cleaning) -> Shown:
        day = created_on(entry.created_at)
        blocks = tuple(block.model_copy(update={"text": dated(block.text, day)}) for block in entry._blocks)
        text = cleaning.bounded(text_of(blocks))
        clean = cleaning.redacted(text)
        if clean != text:  # what was found in the whole is taken out of its parts; what they show alone, of the whole
            rows = cleaning.parts([block.model_dump() for block in blocks], text)
            blocks = tuple(Block.model_validate(row) for row in rows)
            clean = cleaning.redacted(text_of(blocks))
        payload: dict[str, Any] = {"blocks": [b.model_dump(mode="json", exclude_defaults=True) for b in blocks]}
        return Shown(entry.title, clean, payload | ({"letter": True} if entry._letter else {}))

    def obstacle(self, experience: Experience) -> str | None:
        return unreadable(experience)

    def idle(self, experience: Experience) -> str | None:
        said = mostly_chatter([one.text for one in self.statements(experience)] or experience.text.split("\n"))
        return f"it says nothing but {said}" if said else None

    def statements(self, experience: Experience) -> list[Statement]:
        title = experience.title
        return [
            Statement(text, n, (title, *(block.path if block else ())))
            for n, (text, block) in enumerate(units(experience))
            if text
        ]

    def lessons(self, experiences: Sequence[Experience], dreaming: Dreaming) -> list[Dream]:
        from steps.kinds.document.dreaming import document_dreams

        plain = [experience for experience in experiences if not is_order(experience.title)]
        if len(plain) < len(experiences):
            dreaming.refused["its title is an order to a model"] += len(experiences) - len(plain)
        return document_dreams(plain, dreaming)

    def parts(self, experience: Experience) -> list[tuple[str, ...]]:
        return [(*(block.path if block else ()), text) for text, block in units(experience)]

    def notes(self, experience: Experience) -> list[tuple[str, ...]]:
        said = units(experience)
        withheld = [is_order(text) or (block is not None and block.kind in UNASKED) for text, block in said]
        return [
            (*part[:-1], "" if out else part[-1]) for part, out in zip(self.parts(experience), withheld, strict=True)
        ]

    def passages(self, experience: Experience) -> list[Source]:
        return passages(experience)

    def context(self, experience: Experience, sentence: int | None) -> str:
        return context_of(experience, sentence)
