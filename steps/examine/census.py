"""Every fact that earlier nights taught is asked for, where their probes are too few to be a sample of them.

A deployment that has learned from three documents has a dozen probes, which could all miss that a tenth of the facts
is gone. But three documents hold few facts, and who asks for all of them draws no sample: what is lost is counted.
They are asked for in wordings that were trained on, so that this tells what was forgotten, not what was understood.
Facts are all asked for, wordings are not: of very few facts as many are asked as tell a loss from what is noise in them
(docs/log.md: a dozen questions could not, and no night after a small first one would ever have passed).
"""

from collections import Counter
from collections.abc import Collection, Sequence

from steps.consolidate.superseded import Gone, superseded
from steps.examine.items import ProbeItem, dreams_until, facts_of
from steps.examine.retired import expired
from steps.records import Probe
from steps.sampling import LEAST_CORRELATION, chance_to_miss
from steps.settings import GateSettings
from steps.workspace import Workspace

MOST = 300  # questions; more facts than that are of so many documents that probes can be a sample of them
ENOUGH = (
    60  # questions, if so many wordings were trained on: twice what a loss of a tenth needed on a day that was played
)


def too_few(probes: Collection[int], settings: GateSettings) -> float | None:
    """Return the chance that so many ``probes`` of each document all miss a loss of epsilon, if it is too high."""
    missed = chance_to_miss(probes, share=settings.epsilon_cohorts, correlation=LEAST_CORRELATION)
    return missed if missed > 1 - settings.confidence else None


def taught_facts(workspace: Workspace, night: str, met: Collection[str]) -> list[Probe]:
    """Questions that were trained on for each fact of the nights ``met`` that still holds; none if there are too many.

    One of each, and of fewer than ENOUGH facts more, each fact's alike.
    """
    dreams, ended = dreams_until(workspace, night), expired(workspace, night)
    replaced = superseded(dreams, Gone.until(workspace, night))
    earlier = (d for d in dreams if d.night in met and d.night < night)
    known = [d for d in earlier if d.id not in replaced and d.experience not in ended]
    facts = facts_of(known)
    return facts_of(known, wordings=-(-ENOUGH // max(1, len(facts)))) if len(facts) <= MOST else []


def wanted(items: Sequence[ProbeItem], night: str, met: Collection[str], settings: GateSettings) -> bool:
    """Whether the probes of the nights ``met`` before ``night`` are too few to show what was forgotten."""
    earlier = [i for i in items if i.probe.answers and i.probe.night in met and i.probe.night < night]
    return bool(earlier) and too_few(Counter(i.source or i.probe.id for i in earlier).values(), settings) is not None
