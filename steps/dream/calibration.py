"""How good each writer is with this dreamer, shape by shape: measured once, on passages with known facts.

Measured at set-up, or before the first night of a dreamer or of changed code, and kept in the workspace. The rules are
measured where another writer can be used, for only then is there anything to compare.
"""

from collections import Counter
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from steps.addresses import no_password
from steps.code import code_sha256
from steps.dream.passages import CalibrationPassage, calibration_passages, passages_digest, score
from steps.kinds.document.shapes import SHAPES
from steps.kinds.document.sources import Source, passages
from steps.kinds.document.writers import WRITERS, Writer, written
from steps.kinds.kind import Dreaming
from steps.kinds.writing import RULES, Shares
from steps.model.chat_model import ChatModel
from steps.progress import say
from steps.records import content_id
from steps.settings import Settings
from steps.workspace import Workspace, write_text

LEAST_PRECISION, LEAST_YIELD = 0.8, 0.3  # a wrong dream is a wrong fact in the weights; a few facts are not worth one
NIGHT = "2000-01-01"  # of the passages: no night that anybody sleeps


class Measured(BaseModel):
    """What a writer made of the passages of one shape: facts and dreams, ``pieces`` of text and their ``cost``."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    shape: str
    writer: str
    asked: int
    known: int
    right: int
    dreams: int
    pieces: int = 0
    cost: float = 0.0

    @property
    def found(self) -> float:
        """Its yield: the share of the known facts that it asks for."""
        return self.asked / self.known

    @property
    def precision(self) -> float:
        """The share of its dreams that ask for a known fact in the right direction; of none, none."""
        return self.right / self.dreams if self.dreams else 0.0

    @property
    def usable(self) -> bool:
        return self.precision >= LEAST_PRECISION and self.found >= LEAST_YIELD


class Calibration(BaseModel):
    """``dreamer``: the digest of the model that writes, the one that verifies, and the code. ``says``: in a line."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    dreamer: str
    says: str
    rows: tuple[Measured, ...]

    def of(self, shape: str) -> list[Measured]:
        return [row for row in self.rows if row.shape == shape]


def dreamer_digest(settings: Settings, base_sha256: str) -> str:
    """Digest of who dreams: the server's address and model, or the base; the base verifies in any case."""
    dream = settings.dream
    where = [no_password(dream.endpoint or ""), dream.endpoint_model] if dream.engine == "openai" else None
    return content_id(dream.engine, where, base_sha256)


def calibrated(
    settings: Settings, workspace: Workspace, *, writer: ChatModel, base: ChatModel, base_sha256: str
) -> Calibration:
    """Return what is known of the writers with this dreamer, measuring it first if it is not.

    Raises:
        SlumberError: a model cannot be reached; then nothing is kept.
    """
    found = remembered(settings, workspace, base_sha256=base_sha256)
    if found is None:
        dreamer = _key(settings, base_sha256)
        found = _measured(settings, dreamer, writer, base)
        write_text(_file(workspace, dreamer), found.model_dump_json(indent=1) + "\n")
        say(f"Writers: {found.says}")
    return found


def remembered(settings: Settings, workspace: Workspace, *, base_sha256: str) -> Calibration | None:
    """Return what was measured with this dreamer and this code; None if nothing was, or its file is damaged."""
    try:
        path = _file(workspace, _key(settings, base_sha256))
        return Calibration.model_validate_json(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return None


def _measured(settings: Settings, dreamer: str, writer: ChatModel, base: ChatModel) -> Calibration:
    known = calibration_passages()
    sources = [source for passage in known for source in passages(passage.experience(NIGHT))]
    rows: list[Measured] = []
    said: list[str] = []
    for name, one in WRITERS.items():
        if name == RULES:
            continue
        if not one.able(writer, sources):
            said.append(f"this dreamer does not answer as the writer {name!r} asks")
            rows += [_nothing(shape, name, known) for shape in SHAPES]
            continue
        own = _of_writer(name, one, settings, known, sources, writer, base)
        usable = [row.shape for row in own if row.usable]
        said.append(f"{name!r} writes {', '.join(usable) if usable else 'nothing well enough'}")
        rows += own
    if any(row.usable for row in rows):
        own = _of_writer(RULES, WRITERS[RULES], settings, known, sources, writer, base)
        said.append(f"{RULES!r} writes {', '.join(row.shape for row in own if row.usable) or 'nothing well enough'}")
        rows = [*own, *rows]
    else:
        said.append(f"all is written by {RULES!r}")
    return Calibration(dreamer=dreamer, says="; ".join(said) + ".", rows=tuple(rows))


def _of_writer(
    name: str,
    one: Writer,
    settings: Settings,
    known: tuple[CalibrationPassage, ...],
    sources: list[Source],
    writer: ChatModel,
    base: ChatModel,
) -> list[Measured]:
    """Let one writer alone write about all passages."""
    plan = Shares({shape: {name: 1.0} for shape in SHAPES})
    dreaming = Dreaming(NIGHT, settings, writer, base, Counter(), plan)
    dreams, _ = written(sources, dreaming, fallback=False)
    found = []
    for shape in SHAPES:
        own = [passage for passage in known if passage.shape == shape]
        counts = [
            score([d for d in dreams if d.experience == passage.experience(NIGHT).id], passage) for passage in own
        ]
        asked, facts, right, count = (sum(column) for column in zip(*counts, strict=True))
        tallies = [tally for tally in dreaming.tallies if tally.shape == shape and tally.writer == name]
        found.append(
            Measured(
                shape=shape,
                writer=name,
                asked=asked,
                known=facts,
                right=right,
                dreams=count,
                pieces=sum(tally.pieces for tally in tallies),
                cost=round(sum(tally.cost for tally in tallies), 3),
            )
        )
    return found


def _nothing(shape: str, name: str, known: tuple[CalibrationPassage, ...]) -> Measured:
    facts = sum(len(passage.facts) for passage in known if passage.shape == shape)
    return Measured(shape=shape, writer=name, asked=0, known=facts, right=0, dreams=0)


def _key(settings: Settings, base_sha256: str) -> str:
    """Digest of all that decides what is measured."""
    knobs = {"facts_per_sentence", "wordings_per_fact", "kept_per_fact", "min_support", "temperature", "top_k"}
    return content_id(
        dreamer_digest(settings, base_sha256),
        code_sha256("steps.dream.calibration"),
        passages_digest(),
        sorted(WRITERS),
        settings.dream.model_dump(mode="json", include=knobs),
        settings.seed,
    )


def _file(workspace: Workspace, dreamer: str) -> Path:
    return workspace.state / "writers" / f"{dreamer}.json"
