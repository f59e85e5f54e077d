"""A night as far as its verdict, without training anything: what registration and promotion read."""

import shutil

from steps.checkpoint import NO_ADAPTER
from steps.examine.replies import AnchorReply, Examination, ProbeReply
from steps.gate.evidence import Evidence
from steps.promote.registering import promote, register
from steps.records import Check, Verdict
from steps.registry import reading
from steps.workspace import file_sha256, write_json, write_records

FIRST, SECOND, THIRD = "2026-11-22", "2026-11-23", "2026-11-24"


def examined(workspace, *, night=FIRST, verdict="PROMOTE", adapter=None, **binding) -> Verdict:
    """Write an adapter (a copy of ``adapter``, or no real one), examination and verdict; return the verdict."""
    work = workspace.night_dir(night)
    (work / "adapter").mkdir(parents=True, exist_ok=True)
    (work / "adapter" / "adapter_config.json").write_text("{}")
    (work / "adapter" / "adapter_model.safetensors").write_text(f"weights of {night}")
    if adapter:
        shutil.copytree(adapter, work / "adapter", dirs_exist_ok=True)
    write_records(work / "examination" / "answers.jsonl", [])
    write_records(work / "examination" / "anchors.jsonl", [])
    bound = dict.fromkeys(("base", "data", "parameters", "examination", "code"), "d" * 8)
    made = Verdict(
        night=night,
        verdict=verdict,
        reasons=("because",),
        checks=(Check(name="acquisition", status="PASS", reason="learned", figures={"lower": 0.4}),),
        binding=bound | {"adapter": file_sha256(work / "adapter")} | binding,
    )
    write_json(work / "verdict.json", made.model_dump())
    return made


def compared(registry) -> dict[str, str]:
    """What a verdict binds that compares with the champion of today."""
    champion = reading.champion(registry)
    if champion is None or champion.is_night_zero:
        return {"champion_version": NO_ADAPTER, "champion": NO_ADAPTER}
    return {"champion_version": champion.version, "champion": champion.adapter_sha256 or NO_ADAPTER}


def stored(found: Evidence) -> Examination:
    """The rows of made-up evidence as an examination that has marks alone."""

    def probes(rows) -> list[ProbeReply]:
        return [ProbeReply(**row.model_dump()) for row in rows]

    return Examination(
        answers=probes(found.answers),
        anchors=[AnchorReply(**row.model_dump()) for row in found.anchors],
        canaries=found.canaries,
        suites=found.suites,
        retired=found.retired,
        shuffled=probes(found.shuffled),
        mistaught=probes(found.mistaught),
        forgotten=probes(found.forgotten),
    )


def slept(settings, workspace, **night):
    """Let a night end: register and promote its candidate. Returns the promotion."""
    when = examined(workspace, **night).night
    register(settings=settings, workspace=workspace, night=when)
    return promote(settings=settings, workspace=workspace, night=when)
