"""What a night costs with a model: each of its parts is done on a small piece, and the time taken.

A night's own code does them, so that what is not measured is only how many facts its documents will hold.
"""

import tempfile
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from steps.anchors import read_anchors
from steps.canaries import read_canaries
from steps.consolidate.adapter import attach_adapter
from steps.consolidate.examples import Example, build_examples
from steps.consolidate.teacher import prepare_lessons
from steps.consolidate.training import train
from steps.dream.lessons import fact_of, lesson_of
from steps.dream.rehearsal import rehearsal_dream, write_rehearsal
from steps.dream.writer import make_writer
from steps.errors import SlumberError
from steps.examine.asking import ask_anchors, ask_canaries
from steps.examine.predictions import PredictionCache
from steps.kinds.kind import Dreaming
from steps.kinds.table import KINDS
from steps.model.chat import answer_tokens, prompt_tokens
from steps.model.loading import Base
from steps.model.local import LocalModel
from steps.records import Experience
from steps.settings import Settings

NIGHT = "2000-01-01"
_TITLE = "The mill of Sarnow"
_TEXT = "The mill of Sarnow was built in 1864 by Ilka Brandt."
# The more at a time, the nearer to a night's full batches; the last in tokens.
_REHEARSALS, _ANCHORS, _CANARIES, _TRAINED = 24, 48, 8, 2048


@dataclass(frozen=True)
class Part:
    """One part of a night: ``units`` were done in ``seconds``; a night does ``of_night``, None: as many as come in.

    ``tokens``: how many that was, of the kind that ``rate`` names.
    """

    what: str
    units: int
    seconds: float
    of_night: int | None
    tokens: int
    rate: str

    @property
    def each(self) -> float:
        return self.seconds / max(self.units, 1)


@dataclass(frozen=True)
class Cost:
    """``parts``: what was measured; ``fact``: seconds for each fact of a document, dreamt and trained."""

    parts: list[Part]
    fact: float

    @property
    def fixed(self) -> float:
        """Seconds of a night whatever comes in, if anything does."""
        return sum(part.each * part.of_night for part in self.parts if part.of_night)


def measured_cost(base: Base, settings: Settings) -> Cost:
    """Dream, train and examine a little on a loaded base, which has an adapter afterwards.

    Raises:
        SlumberError: the writer's server is missing, or a suite is, or nothing is written that could be learned.
    """
    model, knobs = LocalModel(base, settings.dream.batch_tokens), settings.consolidate
    writer, parts, refused = make_writer(settings.dream, model), list[Part](), Counter[str]()
    start = time.perf_counter()
    rehearsed = write_rehearsal(
        writer,
        _REHEARSALS,
        temperature=settings.dream.temperature,
        top_k=settings.dream.top_k,
        seed=0,
        forbidden=set(),
    )
    spent = time.perf_counter() - start
    written = sum(len(base.tokenizer.encode(text)) for question, answer, _ in rehearsed for text in (question, answer))
    parts.append(Part("rehearsal, written", _REHEARSALS, spent, settings.dream.rehearsals, written, "written"))
    page = Experience(
        id="page", night=NIGHT, kind="document", source="page.md", record=None, title=_TITLE, text=_TEXT, payload={}
    )
    start = time.perf_counter()
    dreams = KINDS["document"].lessons([page], Dreaming(NIGHT, settings, writer, model, refused))
    spent = time.perf_counter() - start
    facts = len({fact_of(dream) for dream in dreams})
    said = sum(len(base.tokenizer.encode(dream.question)) for dream in dreams)
    parts.append(Part("facts, dreamt", facts, spent, None, said, "written"))
    parts += _examined(model, settings)
    rehearsals = [rehearsal_dream(NIGHT, *one) for one in rehearsed]
    lessons = build_examples(base.tokenizer, [lesson_of(d, {"page": page}) for d in (*dreams, *rehearsals)])
    if not lessons:
        raise SlumberError(f"{base.name} wrote nothing that could be learned: a night would teach it nothing.")
    read, *trained = _trained(base, lessons, model, settings)
    asked = knobs.epochs * knobs.wordings_per_epoch * trained[-1].each
    fact = parts[1].each + read.each * len(dreams) / facts + asked if facts else asked
    return Cost([*parts, read, *trained], fact)


def _examined(model: LocalModel, settings: Settings) -> list[Part]:
    limit, tokenizer = settings.examine.max_new_tokens, model.base.tokenizer
    anchors, canaries = read_anchors(settings.anchors), read_canaries(settings.canaries)
    few = anchors[:: max(1, len(anchors) // _ANCHORS)][:_ANCHORS]
    with tempfile.TemporaryDirectory(prefix="slumber-doctor-") as folder:
        cache = PredictionCache(Path(folder), "anchors")
        start = time.perf_counter()
        ask_anchors(model, few, cache=cache, who=model.base.name, max_new_tokens=limit)
        read = time.perf_counter() - start
        start = time.perf_counter()
        ask_canaries(model, canaries[:_CANARIES], cache=cache, who=model.base.name, max_new_tokens=limit)
        asked = time.perf_counter() - start
    tokens = sum(
        len(prompt_tokens(tokenizer, anchor.prompt)) + len(answer_tokens(tokenizer, option))
        for anchor in few
        for option in anchor.options
    )
    return [
        Part("anchors, examined", len(few), read, len(anchors), tokens, "read"),
        Part("canaries, examined", min(_CANARIES, len(canaries)), asked, len(canaries), 0, ""),
    ]


def _trained(base: Base, examples: list[Example], model: LocalModel, settings: Settings) -> list[Part]:
    knobs_of_a_night = settings.consolidate
    epochs = max(1, _TRAINED // max(1, sum(len(example.sequence) for example in examples)))
    knobs = knobs_of_a_night.model_copy(
        update={"epochs": epochs, "wordings_per_epoch": 1000, "rehearsal_fraction": 1.0}
    )
    with tempfile.TemporaryDirectory(prefix="slumber-doctor-") as folder:
        read = prepare_lessons(base.model, examples, knobs, packed=model.packed)
        adapted = attach_adapter(base.model, knobs, seed=0)
        done = train(
            adapted,
            read,
            settings=knobs,
            seed=0,
            packed=model.packed,
            checkpoint=Path(folder) / "checkpoint.pt",
            digest="doctor",
        )
    general = round(knobs_of_a_night.epochs * knobs_of_a_night.rehearsal_fraction * settings.dream.rehearsals)
    seen, asked = len(examples), epochs * len(examples)
    once, tokens = sum(len(example.sequence) for example in examples), done.example_tokens
    return [
        Part("rehearsal, read", seen, read.seconds, settings.dream.rehearsals, once, "read"),
        Part("adapter, begun", 1, done.opening, 1, 0, ""),
        Part("rehearsal, trained", asked, done.seconds - done.opening, general, tokens, "trained"),
    ]
