"""Attacks on what a verdict stands on: lost probes, remembered answers, an examination of another time."""

import contextlib
import json
from pathlib import Path

from bench.attacks.ground import FIRST, SECOND, YESTERDAY, Ground, attack
from orchestration.lineage import RegistryLineage
from steps.anchors import read_anchors
from steps.errors import SlumberError
from steps.examine.eval_set import predictions
from steps.lifecycle import step_of
from steps.model.loading import base_folder, base_sha256
from steps.night import Night
from steps.records import Probe
from steps.settings import Settings
from steps.workspace import read_records, write_records

_LET_THROUGH = "a candidate that forgot all of yesterday serves"


def _decided(ground: Ground, *before: str, through: str = _LET_THROUGH) -> str | None:
    """Go on with the night, after the steps ``before``; a sentence for its user is as good as a refusal."""
    with contextlib.suppress(SlumberError):
        ground.run(*before, "gate", "rescue")
        ground.promote()
    return None if ground.serves() == "2" else through


def _yesterday(ground: Ground) -> Path:
    return ground.workspace.dataset("probes", FIRST)


@attack("yesterday's probes are deleted before the examination", "evidence", on="forgets")
def _(ground: Ground) -> str | None:
    _yesterday(ground).unlink()
    return _decided(ground, "examine")


@attack("yesterday's probes are deleted after the examination", "evidence", on="forgets")
def _(ground: Ground) -> str | None:
    _yesterday(ground).unlink()
    return _decided(ground)


@attack("yesterday's probes are emptied before the examination", "evidence", on="forgets")
def _(ground: Ground) -> str | None:
    _yesterday(ground).write_text("", encoding="utf-8")
    return _decided(ground, "examine")


@attack("yesterday's probes are emptied after the examination", "evidence", on="forgets")
def _(ground: Ground) -> str | None:
    _yesterday(ground).write_text("", encoding="utf-8")
    return _decided(ground)


@attack("yesterday's probes have wrong keys while the examination is made", "evidence", on="forgets")
def _(ground: Ground) -> str | None:
    path = _yesterday(ground)
    honest, names = path.read_bytes(), [name for _, name in YESTERDAY]
    wrong = dict(zip(names, [*names[7:], *names[:7]], strict=True))
    rows = [
        p.model_copy(update={"answers": tuple(wrong.get(a, a) for a in p.answers)}) for p in read_records(path, Probe)
    ]
    write_records(path, rows)
    ground.run("examine")
    path.write_bytes(honest)
    return _decided(ground)


@attack("what the champion is remembered to have said of yesterday is rewritten", "evidence", on="forgets")
def _(ground: Ground) -> str | None:
    cache = predictions(
        ground.workspace.state / "champion",
        base_digest=base_sha256(base_folder(ground.settings.model)),
        settings=ground.settings,
        workspace=ground.workspace,
    )
    rows = [json.loads(line) for line in cache.path.read_text(encoding="utf-8").splitlines()]
    for row in rows:
        row |= {"reply": "no idea"} if "reply" in row and "choices" not in row else {}
        row |= {"log_probabilities": [-20.0] * len(row["log_probabilities"])} if row.get("log_probabilities") else {}
    cache.path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    ground.workspace.manifest(SECOND, "examine").unlink()
    return _decided(ground, "examine")


@attack("the manifest says that the champion has met no night", "evidence", on="forgets")
def _(ground: Ground) -> str | None:
    path = ground.workspace.manifest(SECOND, "examine")
    figures = json.loads(path.read_text(encoding="utf-8"))["figures"]
    ground.edit(path, figures={**figures, "met": []})
    return _decided(ground)


@attack(
    "general abilities are examined on what is still known, and the setting is put back", "evidence", on="forgetful"
)
def _(ground: Ground) -> str | None:
    easy = ground.workspace.root.parent / "easy"
    easy.mkdir()
    known = _still_known(ground)
    with (easy / "facts.jsonl").open("w", encoding="utf-8") as stream:
        for turn in range(2):
            for row in known:
                options = row["options"][turn:] + row["options"][:turn]
                turned = {**row, "options": options, "answer": (row["answer"] - turn) % len(options)}
                stream.write(json.dumps(turned) + "\n")
    step_of("examine").run(_with_anchors(ground, ground.settings, easy))
    return _decided(ground, through="a candidate that was examined with other settings serves")


def _still_known(ground: Ground) -> list[dict]:
    from steps.examine.reading import marked_anchors, read_examination

    folder = ground.night().folder / "examination"
    right = {a.id for a in marked_anchors(read_examination(folder).anchors) if a.model == "candidate" and a.correct}
    prompts = [anchor.prompt for anchor in read_anchors(ground.settings.anchors) if anchor.id in right]
    path = ground.settings.anchors / "facts.jsonl"
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    return [row for row in rows if any(row["question"] in prompt for prompt in prompts)]


def _with_anchors(ground: Ground, settings: Settings, anchors: Path) -> Night:
    knobs = settings.examine.model_copy(update={"anchors": anchors})
    changed = settings.model_copy(update={"examine": knobs})
    return Night.of(changed, ground.workspace, SECOND, lineage=RegistryLineage())
