"""One night's demonstrations and preferences, learned alone, together and by TRL; asked what was held out."""

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.kinds.peers import train_dpo, train_sft
from bench.kinds.telling import tell
from bench.provenance import machine
from bench.training import taught
from steps.anchors import read_anchors
from steps.consolidate.examples import Example, build_examples
from steps.dream.lessons import lesson_of
from steps.errors import SlumberError
from steps.examine.eval_set import EvalSet, ask_all
from steps.examine.kinds.drift import refuses
from steps.examine.kinds.suite import Item, KindReply, Turn
from steps.examine.kinds.table import SUITES, kind_items
from steps.examine.reading import marked_anchors
from steps.kinds.preference import BETA
from steps.kinds.preference import SUITE as PREFERENCES
from steps.lifecycle import step_of
from steps.model.loading import base_folder, base_sha256, load_base
from steps.night import Night, Told
from steps.records import Dream, Experience
from steps.settings import REPOSITORY, Settings
from steps.workspace import Workspace, read_records, write_json

DATA = REPOSITORY / "data" / "bench" / "kinds" / "inbox"
DATE = "2026-11-22"
FREE = 96  # tokens of a free answer to what a held-out preference asks


@dataclass(frozen=True)
class Arm:
    """A way to learn; ``kinds``: strategies of the dreams that it is given."""

    name: str
    kinds: tuple[str, ...] = ()
    peer: str | None = None


ARMS = (
    Arm("base"),
    Arm("slumber, demonstrations", ("demonstration", "rehearsal")),
    Arm("slumber, preferences", ("preference", "rehearsal")),
    Arm("slumber, one night of both", ("demonstration", "preference", "rehearsal")),
    Arm("TRL SFTTrainer, demonstrations", ("demonstration",), peer="sft"),
    Arm("TRL DPOTrainer, pairs", ("preference",), peer="dpo"),
)


@dataclass(frozen=True)
class Cost:
    """What an arm trained on, each token of a talk once, and in how long, reading included."""

    seconds: float = 0.0
    tokens: int = 0

    @property
    def rate(self) -> float | None:
        return self.tokens / self.seconds if self.seconds else None


def measure(
    settings: Settings,
    folder: Path,
    *,
    anchors_every: int,
    arms: Sequence[str] = (),
    records: int | None = None,
    data: Path = DATA,
) -> None:
    """Measure, print the table and write ``kinds.json`` after each arm; what an arm said is not asked again.

    ``arms``: names of those that are measured beside the base; none: all. ``records``: of each file so many at most.
    ``anchors_every``: of the anchor suite every so-manieth item is asked.
    """
    if unknown := set(arms) - {arm.name for arm in ARMS}:
        raise SlumberError(f"There is no arm {sorted(unknown)[0]!r}: the arms are {'; '.join(a.name for a in ARMS)}.")
    workspace = Workspace(folder / "night")
    data = _first(data, folder / "inbox", records) if records else data
    night = Night.of(settings, workspace, DATE, inbox=data, lineage=Told())
    for name in ("ingest", "validate", "triage", "dream"):
        step_of(name).run(night)
    dreams = read_records(night.dataset("dreams"), Dream)
    corpus = {e.id: e for e in read_records(night.dataset("corpus"), Experience)}
    items = kind_items(workspace, DATE)
    asked = EvalSet([], read_anchors(settings.anchors)[::anchors_every], kinds=[*items, *_free(items)])
    rows = []
    for arm in (arm for arm in ARMS if not arms or arm.name in ("base", *arms)):
        out = folder / "arms" / arm.name.replace(", ", "-").replace(" ", "-")
        cost = _learned(arm, settings, dreams, corpus, out) if arm.kinds else Cost()
        found = ask_all(
            asked,
            who="candidate",
            says=arm.name,
            adapter=out if arm.kinds else None,
            base_digest=base_sha256(base_folder(settings.model)),
            settings=settings,
            workspace=workspace,
        )
        anchors = marked_anchors(found.anchors)
        general = sum(row.score for row in anchors) / len(anchors)
        rows.append({"arm": arm.name, **_measures(found.kinds), "general": general, **_cost(cost)})
        lessons = {"lessons": _counted(dreams), "held_out": len(items)}
        told = {"machine": machine(), **lessons, "arms": against_base(rows)}
        write_json(folder / "kinds.json", told)
    tell(told)


def _first(data: Path, folder: Path, records: int) -> Path:
    """Copy the first records of every file, and as many of its last as a quarter of them."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for path in sorted(data.glob("*.jsonl")):
        lines = path.read_text(encoding="utf-8").splitlines()
        last = min(len(lines), records) // 4
        kept = [*lines[: min(len(lines), records) - last], *lines[len(lines) - last :]]
        (folder / path.name).write_text("\n".join(kept) + "\n", encoding="utf-8")
    return folder


def against_base(rows: Sequence[dict]) -> list[dict]:
    """The rows with margins as changes from the base, which is their reference."""
    zero = rows[0]["margin"]
    return [row | {"margin": None if zero is None else row["margin"] - zero} for row in rows]


def _learned(arm: Arm, settings: Settings, dreams: Sequence[Dream], corpus: dict[str, Experience], out: Path) -> Cost:
    own = [dream for dream in dreams if dream.strategy in arm.kinds]
    if arm.peer == "dpo":
        own = [dream for dream in own if dream.rejected]
    lessons = [lesson_of(dream, corpus) for dream in own]
    examples = build_examples(load_base(settings.model).tokenizer, lessons)
    shutil.rmtree(out, ignore_errors=True)
    if not arm.peer:
        done = taught(settings, own, corpus, start=None, out=out)
        return Cost(done.seconds, _tokens(examples, settings))
    if arm.peer == "sft":
        run = train_sft(settings, examples, out)
    else:
        run = train_dpo(settings, lessons, sum(len(e.sequence) for e in examples), out, beta=BETA)
    return Cost(run.seconds, run.tokens)


def _tokens(examples: Sequence[Example], settings: Settings) -> int:
    """Tokens of all epochs: of a talk its last turn, which has the others before it; of rehearsal what takes turns."""
    knobs, per_epoch = settings.consolidate, 0.0
    for example, later in zip(examples, [*examples[1:], None], strict=True):
        if later is None or not later.follows or later.rejected:
            per_epoch += len(example.sequence) * (knobs.rehearsal_fraction if example.rehearsal else 1.0)
    return round(knobs.epochs * per_epoch)


def _free(items: Sequence[Item]) -> list[Item]:
    """What held-out preferences ask, to be answered freely: whether the direction shows in answers of its own."""
    return [
        Item(
            i.suite,
            f"free {i.id}",
            "free",
            i.source,
            i.question,
            (Turn(i.turns[0].messages, answered=True, longest=FREE),),
        )
        for i in items
        if i.suite == PREFERENCES and not i.watched
    ]


def _measures(rows: Sequence[KindReply]) -> dict[str, float | None]:
    shown = [SUITES[r.suite].measured(r) for r in rows if r.suite != PREFERENCES]
    pairs = [SUITES[r.suite].measured(r) for r in rows if r.suite == PREFERENCES and r.tokens]
    free = [r.replies[0] for r in rows if r.cohort == "free"]
    ordinary = [r.replies[0] for r in rows if r.watched]
    return {
        "nats": _mean(m["nats per token"] for m in shown),
        "match": _mean(m["match"] for m in shown),
        "margin": _mean(m["reward margin"] for m in pairs),
        "likelier": _mean(m["the better one likelier"] for m in pairs if "the better one likelier" in m),
        "answer": _mean(map(len, free)),
        "ordinary": _mean(map(len, ordinary)),
        "refusals": sum(map(refuses, ordinary)),
    }


def _cost(cost: Cost) -> dict[str, float | None]:
    return {"seconds": cost.seconds or None, "tokens": cost.tokens or None, "rate": cost.rate}


def _counted(dreams: Sequence[Dream]) -> dict[str, int]:
    found: dict[str, int] = {}
    for dream in dreams:
        found[dream.strategy] = found.get(dream.strategy, 0) + 1
    return found


def _mean(values) -> float | None:
    found = list(values)
    return sum(found) / len(found) if found else None
