"""Who may write questions about a document, and what of it each one is given tonight.

A piece is written about by one writer, so that what is learned of it tells how good that one is. What a writer leaves
unasked is asked by rule.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from steps.kinds.document import instructed
from steps.kinds.document.candidates import form_dreams, question_dreams
from steps.kinds.document.shapes import shape_of
from steps.kinds.document.sources import Source
from steps.kinds.kind import Dreaming
from steps.kinds.writing import RULES, Shares, Tally
from steps.model.chat_model import ChatModel
from steps.model.metered import Meter, MeteredModel
from steps.records import Dream, content_id
from steps.settings import ConsolidateSettings, Settings

Place = tuple[int, int]  # which of the sources, and where in it


def rule_dreams(sources: Sequence[Source], dreaming: Dreaming) -> list[Dream]:
    """Ask about prose by rule and about the rest by its form."""
    knobs = dreaming.settings.dream
    questions = question_dreams(
        dreaming.writer,
        dreaming.base,
        list(sources),
        settings=dreaming.settings,
        night=dreaming.night,
        refused=dreaming.refused,
    )
    formed = form_dreams(
        dreaming.base,
        list(sources),
        min_support=knobs.min_support,
        night=dreaming.night,
        refused=dreaming.refused,
    )
    return [*questions, *formed]


@dataclass(frozen=True)
class Writer:
    """``write``: asks about sources. ``able``: whether a model can do it at all, seen at little cost."""

    write: Callable[[Sequence[Source], Dreaming], list[Dream]]
    able: Callable[[ChatModel, Sequence[Source]], bool] = lambda model, sources: True


WRITERS: dict[str, Writer] = {
    RULES: Writer(rule_dreams),
    instructed.NAME: Writer(instructed.instructed_dreams, instructed.can_follow),
}
"""By name. The dreams of all but the rules bear it, as ``verification["writer"]``."""


def written(
    sources: Sequence[Source], dreaming: Dreaming, *, fallback: bool = True
) -> tuple[list[Dream], list[Source]]:
    """Return the dreams of all writers, each about its own pieces, and the sources as far as they are asked by rule.

    ``fallback``: whether what a writer leaves unasked is asked by rule.
    """
    given = allotted(sources, dreaming.plan, seed=content_id(dreaming.settings.seed, dreaming.night))
    found: list[Dream] = []
    asked: set[Place] = set()
    for name in WRITERS:
        places = {place for place, writer in given.items() if writer == name}
        if name == RULES or not places:
            continue
        dreams, cost = _asked(name, only(sources, places), dreaming)
        own = [_signed(dream, name) for place, dream in _placed(sources, dreams) if place in places]
        dreaming.tallies.extend(_tallies(name, sources, places, own, dreaming.settings, cost=cost))
        found += own
        asked |= {place for place, dream in _placed(sources, own) if dream.strategy == "question"}
    places = {place for place, writer in given.items() if writer == RULES}
    by_rule = given.keys() - asked if fallback else places
    left = list(sources) if len(by_rule) == len(given) else only(sources, by_rule)
    dreams, cost = _asked(RULES, left, dreaming) if left else ([], 0.0)
    share = len(places) / len(by_rule) if by_rule else 0.0
    dreaming.tallies.extend(_tallies(RULES, sources, places, dreams, dreaming.settings, cost=cost * share))
    return [*found, *dreams], left


def writer_of(dream: Dream) -> str:
    """Return the name of the writer of a dream about a document."""
    return str(dream.verification.get("writer", RULES))


def allotted(sources: Sequence[Source], plan: Shares, *, seed: str) -> dict[Place, str]:
    """Return who writes about each piece: by its shape, as the plan shares them out; what belongs together, together.

    The groups of a shape are put in an order that is drawn with ``seed``, and cut as the shares say, from a place that
    is drawn, too: a share that is too small for one group tonight is given one on another night.
    """
    groups: dict[str, dict[tuple, list[Place]]] = {}
    for number, source in enumerate(sources):
        for at, (text, block) in enumerate(zip(source.sentences, source.blocks, strict=False)):
            if text:
                alone = block is None or block.kind == "paragraph"
                kind = (id(block) if block else at) if alone else (block.kind, block.path, block.under) if block else ()
                groups.setdefault(shape_of(block), {}).setdefault((number, kind), []).append((number, at))
    given: dict[Place, str] = {}
    for shape, found in groups.items():
        shares = plan.of(shape)
        ordered = sorted(found.values(), key=lambda places: _order(sources, places[0], seed))
        total, before = sum(map(len, ordered)), 0
        begin = int(content_id(seed, shape), 16) / 16**16
        for places in ordered:
            middle = (before + len(places) / 2) / total
            writer = _at((middle + begin) % 1.0, shares) if len(shares) > 1 else next(iter(shares))
            given |= dict.fromkeys(places, writer)
            before += len(places)
    return given


def only(sources: Sequence[Source], places: set[Place]) -> list[Source]:
    """Return the sources as if they said nothing else; one that says nothing is left out."""
    found = []
    for number, source in enumerate(sources):
        kept = [text if (number, at) in places else "" for at, text in enumerate(source.sentences)]
        if any(kept):
            found.append(replace(source, sentences=kept))
    return found


def _asked(name: str, sources: list[Source], dreaming: Dreaming) -> tuple[list[Dream], float]:
    """The dreams of one writer, and what it cost, in thousand characters."""
    meter = Meter()
    metered = replace(dreaming, writer=MeteredModel(dreaming.writer, meter), base=MeteredModel(dreaming.base, meter))
    dreams = WRITERS[name].write(sources, metered)
    return dreams, meter.characters / 1000


def _signed(dream: Dream, name: str) -> Dream:
    return dream.model_copy(update={"verification": {**dream.verification, "writer": name}})


def _placed(sources: Sequence[Source], dreams: Sequence[Dream]) -> list[tuple[Place, Dream]]:
    """The dreams about these sources, each with what it is about."""
    where = {
        (source.experience.id, source.first + at): (number, at)
        for number, source in enumerate(sources)
        for at in range(len(source.sentences))
    }
    return [(where[key], dream) for dream in dreams if (key := (dream.experience, dream.sentence)) in where]


def _tallies(
    name: str,
    sources: Sequence[Source],
    places: set[Place],
    dreams: Sequence[Dream],
    settings: Settings,
    *,
    cost: float,
) -> list[Tally]:
    """What came of ``places`` by shape; ``cost`` is that of writing about all of them, shared out by their length."""
    by_shape: dict[str, set[Place]] = {}
    for number, at in places:
        by_shape.setdefault(shape_of(sources[number].blocks[at]), set()).add((number, at))
    about: dict[Place, list[Dream]] = {}
    for place, dream in _placed(sources, dreams):
        about.setdefault(place, []).append(dream)
    sizes = {shape: sum(len(sources[n].sentences[at]) for n, at in own) for shape, own in by_shape.items()}
    whole = sum(sizes.values()) or 1
    found = []
    for shape, own in sorted(by_shape.items()):
        learning = sum(_learning(about.get(place, ()), settings.consolidate) for place in own)
        asked = sum(any(d.strategy == "question" for d in about.get(place, ())) for place in own)
        found.append(Tally(shape, name, len(own), asked, round(cost * sizes[shape] / whole + learning, 3)))
    return found


def _learning(dreams: Sequence[Dream], knobs: ConsolidateSettings) -> float:
    """What it costs to train on dreams, in thousand characters: a step back through a model is worth two forward."""
    facts: dict[str, list[int]] = {}
    for dream in dreams:
        key = f"{dream.strategy} {dream.verification.get('span')}"
        facts.setdefault(key, []).append(len(dream.question) + len(dream.answer))
    seen = sum(sum(sizes) / len(sizes) * min(len(sizes), knobs.wordings_per_epoch) for sizes in facts.values())
    return 3 * knobs.epochs * seen / 1000


def _order(sources: Sequence[Source], place: Place, seed: str) -> str:
    source = sources[place[0]]
    return content_id(seed, source.experience.id, source.first + place[1])


def _at(position: float, shares: Mapping[str, float]) -> str:
    """The writer at a position from 0 to 1 when the shares lie one behind the other, by name."""
    reached, total = 0.0, sum(shares.values())
    for name in sorted(shares):
        reached += shares[name] / total
        if position < reached:
            return name
    return max(shares, key=lambda name: shares[name])
