"""The evidence that a verdict rests on. What is missing, stale or does not belong together is said, never guessed."""

from dataclasses import dataclass, field, replace
from pathlib import Path

from steps.checkpoint import NO_ADAPTER
from steps.code import code_sha256
from steps.consolidate.left_out import still_left_out
from steps.consolidate.step import ConsolidateStep
from steps.datasets.sidecars import current_hashes, file_md5
from steps.dream.lessons import asks_corrections, suites_taught
from steps.errors import SlumberError
from steps.examine.census import taught_facts
from steps.examine.examination import all_canaries, met_by_champion
from steps.examine.kinds.suite import KindReply
from steps.examine.kinds.table import kind_items
from steps.examine.reading import loose_keys, marked, marked_anchors, read_examination, right_replies, unscored
from steps.examine.replies import EXAMINATION, Examination
from steps.examine.step import ExamineStep
from steps.kinds.kind import ASKED, CORRECTIONS, DOCUMENTS
from steps.manifest import changed, read_manifest
from steps.model.loading import base_folder, base_sha256
from steps.night import Night
from steps.records import AnchorAnswer, Answer, CanaryAnswer, Probe, Retired, SuiteAnswer, content_id
from steps.workspace import DATASETS, NIGHTS, Workspace, file_sha256, read_records


@dataclass
class Evidence:
    """Answers of the examination, what it must hold besides, and ``faults``: why it cannot be trusted.

    ``shuffled``: some of tonight's questions as the candidate with its weights shuffled answers them, in the
    candidate's name; ``mistaught``: as an adapter answers them that was taught wrong answers.
    ``forgetting``: the candidate was built again without what ``forgotten`` asks for; ``deep``: out of all that
    still holds. It learned nothing new then, so that tonight's cohort is one more to be kept.
    ``earlier_cohorts``: what the champion has met and may be
    forgotten. What refused nights met is news to it: what a candidate won there must not make up for what it lost
    elsewhere. ``every_fact``: all that earlier nights taught is asked for, and no sample of it. ``loose``: probes that
    do not count, for their keys hold in whatever is said. ``unread``: files of the examination that are not there.
    ``taught``: suites of which the candidate was taught tonight's lessons; ``left_out``: those of which it was not,
    though there are some; ``never_taught``: those that the champion was not, by the night that left them out.
    ``corrected``: probes about what users corrected, as far as they have to be told from those about documents.
    ``met``: the nights that the champion has learned from. ``expected_kinds``: by suite what is held out of kinds that
    are no facts, with the night of each item. ``examination``: the rows as they are stored.
    """

    night: str
    answers: list[Answer] = field(default_factory=list)
    anchors: list[AnchorAnswer] = field(default_factory=list)
    shuffled: list[Answer] = field(default_factory=list)
    mistaught: list[Answer] = field(default_factory=list)
    forgotten: list[Answer] = field(default_factory=list)
    forgetting: bool = False
    deep: bool = False
    canaries: list[CanaryAnswer] = field(default_factory=list)
    retired: list[Retired] = field(default_factory=list)
    earlier_cohorts: list[str] = field(default_factory=list)
    every_fact: bool = False
    expected_canaries: set[str] = field(default_factory=set)
    suites: list[SuiteAnswer] = field(default_factory=list)
    expected_suites: list[str] = field(default_factory=list)
    unread: set[str] = field(default_factory=set)
    loose: set[str] = field(default_factory=set)
    taught: frozenset[str] = frozenset({DOCUMENTS})
    left_out: frozenset[str] = frozenset()
    never_taught: dict[str, frozenset[str]] = field(default_factory=dict)
    corrected: frozenset[str] = frozenset()
    met: frozenset[str] = frozenset()
    kinds: list[KindReply] = field(default_factory=list)
    expected_kinds: dict[str, dict[str, str]] = field(default_factory=dict)
    examination: Examination = field(default_factory=Examination)
    faults: list[str] = field(default_factory=list)
    nothing_new: str | None = None
    binding: dict[str, str] = field(default_factory=dict)

    @property
    def rebuilt(self) -> bool:
        """Whether the candidate learned nothing new."""
        return self.forgetting or self.deep

    def is_earlier(self, cohort: str, probe: str) -> bool:
        """Whether the champion was taught what this probe of a cohort asks: only then can it have been forgotten."""
        return cohort in self.earlier_cohorts and self.suite_of(probe) not in self.never_taught.get(cohort, ())

    def suite_of(self, probe: str) -> str:
        """Return by which suite it is told whether what a probe asks about was learned."""
        return CORRECTIONS if probe in self.corrected else DOCUMENTS

    def answering(self, examination: Examination) -> "Evidence":
        """The same evidence on other answers, marked here."""
        loose = loose_keys(examination.answers)
        return replace(
            self,
            examination=examination,
            loose=loose,
            answers=marked(row for row in examination.answers if row.id not in loose),
            anchors=marked_anchors(examination.anchors),
            canaries=examination.canaries,
            suites=examination.suites,
            retired=examination.retired,
            shuffled=marked(examination.shuffled),
            mistaught=marked(examination.mistaught),
            forgotten=marked(examination.forgotten),
            kinds=examination.kinds,
        )


def collect_evidence(night: Night) -> Evidence:
    """Read manifests and examination of a night, and check that they belong to one another."""
    settings, workspace = night.settings, night.workspace
    evidence = Evidence(night.date)
    trained = ConsolidateStep.read(workspace, night.date)
    if trained is None:
        evidence.faults.append("the consolidation has no manifest: it did not finish")
        return evidence
    if trained.figures.skipped:
        evidence.nothing_new = trained.figures.skipped
        return evidence
    examined = ExamineStep.read(workspace, night.date)
    if examined is None or examined.figures.skipped:
        evidence.faults.append("the examination has no manifest: it did not finish")
        return evidence
    folder, adapter = night.folder / "examination", night.folder / "adapter"
    for path in changed(workspace, {**trained.outputs, **examined.outputs}):
        evidence.faults.append(f"{path.relative_to(workspace.root)} is not what its step wrote")
    if evidence.faults:
        return evidence
    base = base_sha256(base_folder(settings.model))
    if examined.figures.base != base:
        evidence.faults.append("the examination was made with another base model")
    if examined.figures.digests.get("candidate") != file_sha256(adapter):
        evidence.faults.append("the examination was made with another adapter")
    evidence.unread = {name for name in EXAMINATION if not (folder / f"{name}.jsonl").is_file()}
    try:
        evidence = evidence.answering(read_examination(folder))
        evidence.forgetting, evidence.deep = bool(examined.figures.forgetting), examined.figures.deep
        evidence.expected_suites = [suite.task for suite in settings.examine.suites]
        evidence.expected_kinds = _held_out(workspace, night.date)
        evidence.expected_canaries = {c.id for c in all_canaries(settings, workspace, night.date)}
    except (ValueError, SlumberError) as error:
        evidence.faults.append(f"the examination cannot be read: {str(error).splitlines()[0]}")
        return evidence
    evidence.faults += unmarked(evidence)
    met = examined.figures.met
    if met is None:
        evidence.faults.append("the examination does not say which nights the champion has met")
        return evidence
    evidence.faults += _lost(night, met)
    evidence.met, evidence.never_taught = frozenset(met), still_left_out(workspace, met)
    if not evidence.rebuilt:
        evidence.taught = suites_taught(workspace, night.date) or frozenset({DOCUMENTS})
        evidence.corrected = asks_corrections(workspace, night.date)
    cohorts = [n for n in workspace.nights("probes") if n in met and n <= night.date]
    if not evidence.rebuilt:  # it has nothing of its own to learn, so that tonight's cohort is one to be kept
        cohorts = [n for n in cohorts if n != night.date]
    for cohort in [n for n in cohorts if ASKED & evidence.never_taught.get(n, frozenset())]:
        evidence.corrected |= asks_corrections(workspace, cohort)
        if ASKED & suites_taught(workspace, cohort) <= evidence.never_taught[cohort]:
            cohorts.remove(cohort)
    evidence.earlier_cohorts = _with_probes(workspace, cohorts, {r.id for r in evidence.retired}, until=night.date)
    evidence.every_fact = _every_fact(evidence, workspace)
    evidence.binding = {
        "base": base,
        "adapter": file_sha256(adapter),
        **bound(night),
        "examination": file_sha256(folder),
        "code": code_sha256("steps.gate.step"),
        "champion": examined.figures.digests.get("champion", "unknown"),
        "champion_version": examined.figures.champion or NO_ADAPTER,
    }
    return evidence


def _held_out(workspace: Workspace, night: str) -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = {}
    for item in kind_items(workspace, night):
        if not item.watched:
            found.setdefault(item.suite, {})[item.id] = item.cohort
    return found


def _every_fact(evidence: Evidence, workspace: Workspace) -> bool:
    """Whether candidate and champion were asked for each fact that earlier nights taught and that still holds."""
    answers = evidence.examination.answers
    if not any(row.type == "trained" for row in answers):
        return False  # as on most nights, which need not read all dreams to know it
    facts = {probe.id for probe in taught_facts(workspace, evidence.night, evidence.earlier_cohorts)}
    both = ({row.id for row in answers if row.model == model} for model in ("candidate", "champion"))
    return bool(facts) and all(facts <= asked for asked in both)


def made_otherwise(night: Night) -> list[str]:
    """Say which of training and examination was done with other settings, data or code than are here now."""
    faults = []
    for step in (ConsolidateStep(), ExamineStep()):
        record = step.read(night.workspace, night.date)
        if record and record.digest != step.digest(night):
            faults.append(f"{step.name} was done with other settings, data or code than are here now: run it again")
    examined = ExamineStep.read(night.workspace, night.date)
    if examined and not examined.figures.skipped and examined.figures.met != met_by_champion(night):
        faults.append("the examination does not name the nights that the champion has learned from: examine again")
    return faults


def _lost(night: Night, met: list[str]) -> list[str]:
    """Say of which nights that the champion has met probes, or what was held out, are not here as they were stored."""
    faults = []
    for cohort in (n for n in met if n < night.date):
        stored = current_hashes(night.workspace, cohort)
        paths = {name: night.workspace.dataset(name, cohort) for name in ("probes", "holdouts", "unseen", "forgotten")}
        if paths["unseen"].is_file() and paths["unseen"].stat().st_size:  # what it shows stands in the corpus
            paths["corpus"] = night.workspace.dataset("corpus", cohort)
        known = {
            name for name in ("probes", "holdouts", "unseen") if paths[name].is_file() and paths[name].stat().st_size
        }
        changed_since = [name for name in stored if name in paths and not _is(paths[name], stored[name])]
        # A night that the champion learned from had probes; that it has none is believed of who forgot, or of DVC.
        emptied = not known and not stored and not paths["forgotten"].is_file()
        if not paths["probes"].is_file() or changed_since or emptied:
            faults.append(
                f"the probes of night {cohort}, which the champion has learned from, are not here as they were stored: "
                f"`slumber data {cohort}` brings them back"
            )
        for path in (paths[name] for name in ("holdouts", "unseen") if name not in stored):
            if not path.is_file() and _was_written(night.workspace, cohort, path):
                faults.append(
                    f"{path}, which was held out of what the champion has learned, is gone, and so is the sidecar that "
                    "names its version: restore both from git or a backup"
                )
    return faults


def _was_written(workspace: Workspace, cohort: str, path: Path) -> bool:
    """Whether the dreams of a night came with this file, by their manifest; a host that did not dream cannot tell."""
    done = read_manifest(workspace.of(NIGHTS), night=cohort, step="dream")
    return done is not None and str(path.relative_to(workspace.root)) in done.outputs


def _is(path: Path, md5: str) -> bool:
    return path.is_file() and file_md5(path) == md5


def bound(night: Night) -> dict[str, str]:
    """What a verdict binds besides models and examination: settings that they can depend on, all data until then."""
    parameters = night.settings.model_dump(
        mode="json", exclude={"ui", "serve", "schedule", "registry", "datasets", "deep", "tenants"}
    )
    return {"data": _data_digest(night.workspace, night.date), "parameters": content_id(parameters)}


def unmarked(evidence: Evidence) -> list[str]:
    """Say why the rows cannot be marked here: only to forget something may marks stand in the place of words."""
    found, faults = evidence.examination, []
    given = [row.correct for row in (*found.answers, *found.shuffled, *found.mistaught)]
    given += [row.correct for row in found.anchors]
    if not evidence.forgetting and any(mark is not None for mark in given):
        faults.append("the examination holds marks instead of answers: examine again")
    if rows := unscored(found.answers, right_replies(evidence.answers)):
        faults.append(
            f"for {len(rows)} answers it was not asked how firmly what is right now is known: examine again "
            "(keys or marking have changed since)"
        )
    return faults


def _data_digest(workspace: Workspace, night: str) -> str:
    files = [(name, n) for name in DATASETS for n in workspace.nights(name) if n <= night]
    return content_id([(name, n, file_sha256(workspace.dataset(name, n))) for name, n in files])


def _with_probes(workspace: Workspace, cohorts: list[str], retired: set[str], *, until: str) -> list[str]:
    """The cohorts that must show up in the examination: those with a probe, or a held-out one, that still holds.

    One that was asked again on a later night, not after ``until``, is of that night's cohort.
    """
    last: dict[str, str] = {}
    for cohort in (n for n in workspace.nights("probes") if n <= until):
        for name in ("probes", "holdouts"):
            path = workspace.dataset(name, cohort)
            last |= {probe.id: cohort for probe in read_records(path, Probe)} if path.exists() else {}
    asked = {cohort for number, cohort in last.items() if number not in retired}
    return [cohort for cohort in cohorts if cohort in asked]
