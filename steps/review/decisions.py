"""What people decided about what was held back: one line each, appended, never changed.

A talk that goes on, or a page that is changed elsewhere, says once more what was held: that is held again under its id,
so that what nobody decided on, or what was rejected, is not learned by the way.
"""

import json
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import filelock

from steps.errors import SlumberError
from steps.kinds.conversation.asked import quarrel_key
from steps.kinds.table import kind_of
from steps.night import Night
from steps.records import Decision, Experience, Held, Triaged, Withdrawn
from steps.review.quarrels import refuse_both_sides
from steps.workspace import Workspace, each_record

# How rows begin what few of them have, as datasets are written: the others of a night need not be parsed.
_HELD, _WITHDRAWS = '"held":[{', '"withdraws":[{'


def decisions_path(workspace: Workspace) -> Path:
    """Where decisions lie."""
    return workspace.state / "review.jsonl"


def decisions(workspace: Workspace) -> dict[str, Decision]:
    """Return the last decision on each held part, by its id."""
    path = decisions_path(workspace)
    if not path.exists():
        return {}
    *lines, _ = path.read_bytes().split(b"\n")  # what follows the last of them was not written to its end
    found = (Decision.from_json(line.decode()) for line in lines if line.strip())
    return {one.id: one for one in found}


def all_held(workspace: Workspace) -> list[Held]:
    """Return all that was ever held back, the oldest first."""
    paths = (workspace.dataset("triage", night) for night in workspace.nights("triage"))
    return [one for path in paths for _, row in each_record(path, Triaged, holding=(_HELD,)) for one in row.held]


def undecided(workspace: Workspace) -> list[Held]:
    """Return what waits for a decision, the oldest first, each where it was said last."""
    known = decisions(workspace)
    return [one for id_, one in _last(all_held(workspace)).items() if id_ not in known]


def held_again(night: Night, met: Iterable[Experience]) -> Iterator[Held]:
    """Yield what of tonight's experiences says what an earlier night held back and nobody has accepted."""
    known, earlier = decisions(night.workspace), dict[str, list[Held]]()
    for one in _last(one for one in all_held(night.workspace) if one.night < night.date).values():
        if one.id not in known or not known[one.id].accept:
            earlier.setdefault(one.source, []).append(one)
    for experience in met:
        for one in earlier.get(experience.source, ()):
            if experience.kind == "document" and experience.created_at:
                continue  # it has a date now, which may tell what is newer
            for number, (*heads, text) in enumerate(kind_of(experience).parts(experience)):
                if one.says in text and one.question in ("", *heads):
                    here = {"night": night.date, "experience": experience.id, "sentence": number}
                    yield one.model_copy(update=here)


def open_questions(workspace: Workspace, *, before: str) -> dict[str, Held]:
    """Return what nobody has decided of what contradicts others, by the key of its question, from nights ``before``."""
    known = decisions(workspace)
    found = [one for one in all_held(workspace) if one.night < before and one.question and one.against]
    decided: dict[str, str] = {}  # up to which night; decisions from before nights were noted hold for all
    first: dict[str, str] = {}
    for one in found:
        first.setdefault(one.id, one.night)
        if decision := known.get(one.id):
            key = quarrel_key(one.question)
            decided[key] = max(decided.get(key, ""), decision.night or before)
    return {
        key: one for one in found if (key := quarrel_key(one.question)) not in decided or first[one.id] > decided[key]
    }


def decide(workspace: Workspace, ids: list[str], *, accept: bool, by: str, reason: str = "") -> list[Held]:
    """Write down that parts are learned, or never are; return them. ``ids`` may be shortened.

    Raises:
        SlumberError: an id means nothing that was held back, or several; or what is accepted contradicts what is
            accepted with it, or was since the last night.
    """
    held = _last(all_held(workspace))
    chosen = []
    for given in ids:
        found = [one for key, one in held.items() if key.startswith(given)]
        if len(found) != 1:
            what = "nothing that was held back" if not found else f"{len(found)} of those that were held back"
            raise SlumberError(f"{given!r} means {what}: `slumber review` lists them.")
        chosen.append(found[0])
    night = max(workspace.nights("triage"), default=None)
    if accept:
        lately = [id_ for id_, one in decisions(workspace).items() if one.accept and one.night == night]
        both = {one.id: one for one in [*chosen, *(held[id_] for id_ in lately if id_ in held)]}
        refuse_both_sides(workspace, list(both.values()))
    path, at = decisions_path(workspace), datetime.now(UTC).isoformat(timespec="seconds")
    path.parent.mkdir(parents=True, exist_ok=True)
    made = (Decision(id=one.id, accept=accept, by=by, at=at, reason=reason, night=night) for one in chosen)
    lines = [one.to_json() + "\n" for one in made]
    with filelock.FileLock(path.with_name(f".{path.name}.lock"), timeout=30), path.open("ab+") as out:
        out.seek(0)
        out.truncate(out.read().rfind(b"\n") + 1)  # half a line of somebody who was killed
        out.write("".join(lines).encode())
    return chosen


def withdrawn(workspace: Workspace, night: str) -> Iterator[tuple[str, Triaged, Withdrawn]]:
    """Yield what is not said any more up to ``night``: since which night, by the verdict on what, and what.

    With it, of what was held back and is accepted, what that takes the place of.
    """
    known = decisions(workspace)
    for met in (one for one in workspace.nights("triage") if one <= night):
        for _, row in each_record(workspace.dataset("triage", met), Triaged, holding=(_HELD, _WITHDRAWS)):
            yes = (held for held in row.held if held.id in known and known[held.id].accept)
            for part in (*row.withdraws, *(part for held in yes for part in held.overrules)):
                yield met, row, part


def accepted(night: Night) -> dict[str, tuple[str, set[int]]]:
    """Return what was accepted and no night has taught yet: by experience, the night that met it and its parts."""
    known = decisions(night.workspace)
    found: dict[str, tuple[str, set[int]]] = {}
    for one in _last(one for one in all_held(night.workspace) if one.night < night.date).values():
        if one.id in known and known[one.id].accept and not _is_taught(night, one):
            found.setdefault(one.experience, (one.night, set()))[1].add(one.sentence)
    return found


def accepted_experiences(night: Night) -> list[tuple[Experience, set[int]]]:
    """Return the experiences of ``accepted``, each with those of its parts."""
    found = accepted(night)
    nights = sorted({met for met, _ in found.values()})
    corpora = (night.workspace.dataset("corpus", met) for met in nights)
    return [(e, found[e.id][1]) for path in corpora for _, e in each_record(path, Experience) if e.id in found]


def _last(held: Iterable[Held]) -> dict[str, Held]:
    """Each held part by its id, where it was said last."""
    return {one.id: one for one in held}


def _is_taught(night: Night, held: Held) -> bool:
    for earlier in night.nights("dreams", tonight=False):
        if earlier >= held.night:
            for line in night.workspace.dataset("dreams", earlier).read_text(encoding="utf-8").splitlines():
                if held.experience in line:
                    row = json.loads(line)
                    if (row.get("experience"), row.get("sentence")) == (held.experience, held.sentence):
                        return True
    return False
