"""How often the gate, its own test included, lets which candidate pass, on simulated nights; rescue is no part."""

from collections import Counter

import numpy as np
from rich import box
from rich.console import Console
from rich.table import Table

from bench.simulated_nights import Candidate, Deployment, examination
from steps.gate.judging import judge
from steps.progress import progress
from steps.settings import Settings

DEPLOYMENTS = (
    Deployment("second night: 6 documents of 11 probes, 6 earlier", tonight=6, earlier=6, probes=11, unanswerable=3),
    Deployment("fourth night: 5 of 5, 15 earlier ones", tonight=5, earlier=15, probes=5, unanswerable=5),
    Deployment("eighth night: 5 of 5, 35 earlier ones", tonight=5, earlier=35, probes=5, unanswerable=5),
)
GOOD = Candidate("learned 70 %, lost nothing")
BAD = (
    Candidate("learned nothing", learns=0.0),
    Candidate("general abilities 2 points down", dulls=0.02),
    Candidate("1 point down, as the champion 2 points before", dulls=0.01, dulled=0.02),
    Candidate("forgot a tenth of all earlier facts", forgets=0.1),
)
NEAR = (
    Candidate("general abilities 1 point down", dulls=0.01),
    Candidate("forgot a twentieth of all earlier facts", forgets=0.05),
)
VERDICTS = ("PROMOTE", "INCONCLUSIVE", "REJECT")


def verdicts(
    candidate: Candidate, deployment: Deployment, settings: Settings, *, trials: int, seed: int = 0
) -> Counter[str]:
    """Judge ``trials`` simulated nights and count the verdicts."""
    random = np.random.default_rng(seed)
    return Counter(judge(examination(candidate, deployment, random), settings).verdict for _ in range(trials))


def measure(settings: Settings, *, trials: int) -> None:
    """Print a table for each deployment: per candidate the share of each verdict."""
    console, candidates = Console(), (GOOD, *BAD, *NEAR)
    console.width = max(console.width, 100)  # the table needs it; a narrower terminal scrolls
    for deployment in DEPLOYMENTS:
        table = Table(title=f"{deployment.says} ({trials} nights each)", box=box.SIMPLE_HEAD)
        table.add_column("candidate", no_wrap=True)
        for verdict in VERDICTS:
            table.add_column(f"{verdict}\n%", justify="right")
        with progress("judging simulated nights", len(candidates)) as meter:
            for candidate in candidates:
                found = verdicts(candidate, deployment, settings, trials=trials)
                table.add_row(candidate.says, *(f"{100 * found[verdict] / trials:.1f}" for verdict in VERDICTS))
                meter.advance()
        console.print(table)
