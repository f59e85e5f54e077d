"""Presets: how much of the benchmark to run."""

from dataclasses import dataclass

from bench.arms import ARMS

EVERYTHING = tuple(ARMS)


@dataclass(frozen=True)
class Preset:
    """``anchors_every``: nights between two examinations of general abilities; 0: before and after only."""

    says: str
    nights: int
    arms: tuple[str, ...]
    anchors_every: int


PRESETS = {
    "quick": Preset(
        says="two nights, the arms that need no peer library; meant for half an hour on two cores",
        nights=2,
        arms=("no-update", "retrieval", "raw", "slumber", "slumber+retrieval"),
        anchors_every=0,
    ),
    "eight": Preset(
        says="all eight nights, Slumber and what it must beat at no cost; meant for an hour and a half",
        nights=8,
        arms=("no-update", "retrieval", "raw", "slumber", "slumber+retrieval"),
        anchors_every=4,
    ),
    "full": Preset(
        says="all eight nights, all arms; a night's work on two cores", nights=8, arms=EVERYTHING, anchors_every=2
    ),
    "gpu": Preset(
        says="as full, general abilities every night; name a larger model with --model",
        nights=8,
        arms=EVERYTHING,
        anchors_every=1,
    ),
}
