"""What a request to forget is about: the experiences it names, their probes, and the questions that ask for them."""

import uuid

from steps.errors import SlumberError
from steps.examine.items import ProbeItem, fact_questions, probe_items
from steps.forget.request import Request
from steps.marking import holds
from steps.records import Experience, LedgerEntry, Quarantined
from steps.workspace import Workspace, read_records


def find_request(workspace: Workspace, *, source: str | None = None, record: str | None = None) -> Request:
    """Return the request to forget every record of the inbox file ``source``, or the experience with the id ``record``.

    Probes go with what they ask about: those that name it, those in the file, and those without a source whose answer
    stands in it.

    Raises:
        SlumberError: nothing of that name was met.
    """
    nights = workspace.nights("corpus")
    met = [e for n in nights for e in read_records(workspace.dataset("corpus", n), Experience)]
    found = {e.id: e for e in met if e.id == record or (source is not None and e.source == source)}
    items = probe_items(workspace, nights[-1]) if nights else []
    # A probe without a file must not pass for one of the file None.
    in_file = {item.probe.id for item in items if source is not None and item.probe.file == source}
    probes = [item.probe for item in items if item.probe.id in in_file or _asks_about(item, found)]
    refused = [q for n in workspace.nights("quarantine") for q in _rows(workspace, "quarantine", n, Quarantined)]
    quarantined = [q for q in refused if source is not None and q.file == source]
    if not (found or probes or quarantined):
        asked = f"file {source!r}" if source is not None else f"record {record!r}"
        raise SlumberError(
            f"No night has met the {asked}: name a file as the inbox knows it (such as notes/day.jsonl), or the id of "
            f"a record in {workspace.data / 'corpus'}."
        )
    dreamt = workspace.nights("dreams")
    facts = [p for p in fact_questions(workspace, dreamt[-1]) if p.experience in found] if dreamt else []
    ids = {*found, *(p.id for p in probes), *(q.id for q in quarantined)}
    rows = [r for n in workspace.nights("ledger") for r in _rows(workspace, "ledger", n, LedgerEntry)]
    files = {e.source for e in found.values()} | {r.file for r in rows if r.id in ids}
    return Request(
        id=uuid.uuid4().hex[:12],
        night=dreamt[-1] if dreamt else None,
        first=min([*(e.night for e in found.values()), *(p.night for p in probes), *(q.night for q in quarantined)]),
        experiences=tuple(found),
        probes=tuple(p.id for p in probes),
        quarantined=tuple(q.id for q in quarantined),
        files=tuple(sorted(files)),
        traces=tuple(sorted({trace for e in found.values() for trace in (e.payload.get("traces") or {}).values()})),
        questions=tuple({p.id: p for p in [*probes, *facts] if p.answers}.values()),
    )


def _asks_about(item: ProbeItem, found: dict[str, Experience]) -> bool:
    probe = item.probe
    if probe.experience:
        return probe.experience in found
    document = item.experience
    return document is not None and document.id in found and holds(document.text, probe.answers)


def _rows(workspace: Workspace, name: str, night: str, kind: type) -> list:
    return read_records(workspace.dataset(name, night), kind)
