"""The conditions of the gate, in the order in which they are told. A new one is a module and an entry here.

What shows the conditions (verdict, report, MLflow's and Dagster's pages) takes them from this table.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from steps.examine.kinds.table import SUITES
from steps.gate.canaries import no_canary_surfaced
from steps.gate.checks import general_abilities, no_suite_lost
from steps.gate.evidence import Evidence
from steps.gate.forgotten import forgotten_on_request
from steps.gate.kinds import kind_suite
from steps.gate.learned import learned_tonight
from steps.gate.planted import self_test
from steps.gate.retention import retention
from steps.gate.suites import user_suites
from steps.records import LEARNED_TONIGHT, Check
from steps.settings import GateSettings


@dataclass(frozen=True)
class Condition:
    """One condition. ``needs``: the files of the examination without which it cannot be judged.

    ``judges``: from evidence and settings to a check with this ``name``. ``rescuable``: whether a candidate that fails
    it, and others like it, alone may be tried at a smaller scale, for it then forgot too much.
    """

    name: str
    says: str
    needs: tuple[str, ...]
    judges: Callable[[Evidence, GateSettings], Check]
    rescuable: bool = False

    def judge(self, evidence: Evidence, settings: GateSettings) -> Check:
        """Check the condition; INCONCLUSIVE where a file that it needs is not there."""
        missing = [name for name in self.needs if name in evidence.unread]
        if missing:
            reason = f"the examination holds no {' and no '.join(missing)}"
            return Check(name=self.name, status="INCONCLUSIVE", reason=reason)
        return self.judges(evidence, settings)


CONDITIONS: tuple[Condition, ...] = (
    Condition(
        LEARNED_TONIGHT,
        "Tonight's probes, closed book: better than the champion by the set margin.",
        ("answers",),
        learned_tonight,
    ),
    *(Condition(name, suite.says, (), partial(kind_suite, suite=name)) for name, suite in SUITES.items()),
    Condition(
        "kept earlier nights",
        "Probes of earlier nights that still hold: known as firmly as by the champion.",
        ("answers", "retired"),
        retention,
        rescuable=True,
    ),
    Condition(
        "general abilities against champion",
        "The anchor suite: not worse than the champion by epsilon.",
        ("anchors",),
        partial(general_abilities, against="champion"),
        rescuable=True,
    ),
    Condition(
        "general abilities against night 0",
        "The anchor suite: not worse than the untouched base by epsilon.",
        ("anchors",),
        partial(general_abilities, against="base"),
        rescuable=True,
    ),
    Condition(
        "no suite lost more than it won",
        "Exact tests, suite by suite: what one lost no other makes up for.",
        ("answers", "anchors"),
        no_suite_lost,
        rescuable=True,
    ),
    Condition(
        "canaries",
        "No strict one surfaces anew, of the others not significantly more than with the champion.",
        ("canaries",),
        no_canary_surfaced,
    ),
    Condition(
        "user suites",
        "Each of examine.suites: not worse than the champion by its epsilon.",
        ("suites",),
        user_suites,
        rescuable=True,
    ),
    Condition(
        "forgotten on request",
        "What was to be forgotten is answered no better than by the base (`slumber forget`).",
        ("forgotten",),
        forgotten_on_request,
        rescuable=True,
    ),
    Condition(
        "the gate itself",
        "What is planted every night is refused, and the unchanged champion is not.",
        ("shuffled", "mistaught"),
        self_test,
    ),
)
