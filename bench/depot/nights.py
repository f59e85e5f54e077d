"""The days and nights that all arms share: what was met, what principles that makes, and what is rehearsed."""

import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any

from bench.depot.data import Depot
from bench.depot.episodes import called, played
from bench.depot.formats import write_demonstrations, write_preferences, write_traces
from bench.depot.world import Case, day_cases, practice_cases
from steps.dream.rehearsal import rehearsal_dream, write_rehearsal
from steps.kinds.trace.practising import CASES
from steps.kinds.trace.practising import Case as Practised
from steps.kinds.trace.principles import Principle, principles
from steps.lifecycle import step_of
from steps.model.loading import load_base
from steps.model.local import LocalModel
from steps.night import Night, Told
from steps.progress import say
from steps.records import Dream, Experience, content_id
from steps.settings import Settings
from steps.workspace import Workspace, read_records, write_records

FIRST = date(2026, 12, 1)


@dataclass(frozen=True)
class DepotNights:
    """One seed's days; ``folder``: where they lie."""

    depot: Depot
    settings: Settings
    folder: Path
    seed: int

    @cached_property
    def base(self) -> LocalModel:
        """The untouched base: it plays every day, for of tonight's principles no arm knows more than it does."""
        return LocalModel(load_base(self.settings.model), self.settings.examine.batch_tokens)

    @property
    def workspace(self) -> Workspace:
        return Workspace(self.folder / "nights")

    def date(self, number: int) -> str:
        return (FIRST + timedelta(days=number - 1)).isoformat()

    def prepare(self, number: int, *, rehearsals: bool) -> None:
        """Play a day and read it as any inbox is read, and write what is rehearsed; what is there is not done again."""
        inbox, night = self.folder / "inbox" / f"night-{number}", self.date(number)
        if not inbox.is_dir():
            say(f"Day {number}: {len(day_cases(self.depot, number, seed=self.seed))} cases")
            partial = inbox.with_name("partial")
            shutil.rmtree(partial, ignore_errors=True)
            partial.mkdir(parents=True)
            episodes = played(self.base, day_cases(self.depot, number, seed=self.seed))
            write_traces(episodes, partial, night=night)
            write_preferences(episodes, partial)
            write_demonstrations(list(self._shown(number)), partial)
            partial.rename(inbox)
        for name in ("ingest", "validate", "triage"):
            step_of(name).run(Night.of(self.settings, self.workspace, night, inbox=inbox, lineage=Told()))
        if rehearsals and not self._rehearsed(number).is_file():
            knobs = self.settings.dream
            written = write_rehearsal(
                self.base,
                knobs.rehearsals,
                temperature=knobs.temperature,
                top_k=knobs.top_k,
                seed=int(content_id(self.seed, night), 16),
                forbidden=set(),
            )
            write_records(self._rehearsed(number), [rehearsal_dream(night, *one) for one in written])

    def rehearsal(self, number: int) -> list[Dream]:
        """What the base wrote on that night to go on saying."""
        return read_records(self._rehearsed(number), Dream)

    def traces(self, number: int) -> list[Experience]:
        """That day's traces, as they were read."""
        corpus = read_records(self.workspace.dataset("corpus", self.date(number)), Experience)
        return [experience for experience in corpus if experience.kind == "trace"]

    def principles(self, number: int) -> list[Principle]:
        """What that day's traces show, of what is to be taught."""
        return [one for one in principles(self.traces(number)) if one.refused is None]

    def reasons(self, number: int) -> list[str]:
        """The lessons of the first ``number`` nights in words, as people and the depot gave them."""
        found = (one for n in range(1, number + 1) for one in self.principles(n))
        return list(dict.fromkeys(one.reason for one in found if one.reason))

    def cases(self, number: int) -> "WorldCases":
        """Where practised cases of that night come from."""
        return WorldCases(
            self.depot, {case.asked: case for case in day_cases(self.depot, number, seed=self.seed)}, self.seed
        )

    def _shown(self, number: int) -> Iterator[Case]:
        """Of each principle a case that did not come up by day."""
        met = {case.id for case in day_cases(self.depot, number, seed=self.seed)}
        for principle in self.depot.of_night(number):
            yield next(c for c in practice_cases(self.depot, principle, 0, seed=self.seed) if c.id not in met)

    def _rehearsed(self, number: int) -> Path:
        return self.folder / "rehearsal" / f"night-{number}.jsonl"


@dataclass(frozen=True)
class WorldCases:
    """The world as a ``CaseSource``: more cases of what a principle's own cases are about, of the train split.

    A model of this size can neither write cases nor tell which of two lessons applies (docs/log.md).
    """

    depot: Depot
    met: dict[str, Case]
    seed: int

    def cases(self, principle: Principle, count: int) -> list[Practised]:
        own = [self.met[seen.situation.task] for seen in principle.support if seen.situation.task in self.met]
        if not own or own[0].side is None:
            return []
        known = {case.asked for case in own}
        more = practice_cases(self.depot, own[0].principle, own[0].side, seed=self.seed)
        return [_practised(case) for case in more if case.asked not in known][:count]


def _practised(case: Case) -> Practised:
    assert case.right is not None and case.answered(case.right)[0]
    call: dict[str, Any] = called(case, case.right)["tool_calls"][0]
    return Practised(case.asked, case.said(case.right), call, "world")


def at_least(dreams: Sequence[Dream], count: int) -> list[Dream]:
    """Return dreams so often that there are ``count``, so that all arms train for as long."""
    if not dreams:
        return []
    again = [dreams[n % len(dreams)] for n in range(max(count, len(dreams)))]
    return [dream.model_copy(update={"id": content_id(dream.id, n)}) for n, dream in enumerate(again)]


PRACTISED = 2 * CASES  # lessons of one principle of the depot
