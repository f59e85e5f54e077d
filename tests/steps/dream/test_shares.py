"""Writers earn their share of the next night: by what was learned of their dreams, for what it cost."""

import json

import pytest

from bench.writers import BAD, GOOD, WRITERS, simulated_nights
from steps.dream.calibration import Calibration, Measured
from steps.dream.shares import earned, night_rows, shared, writer_rows
from steps.kinds.writing import RULES, Tally
from steps.workspace import write_json

NAME, FLOOR = "instructed", 0.05


def row(writer, *, shape="prose", asked=9, right=10, dreams=10, cost=60.0):
    return Measured(shape=shape, writer=writer, asked=asked, known=10, right=right, dreams=dreams, pieces=10, cost=cost)


def measured(*rows):
    return Calibration(dreamer="d", says="", rows=rows)


def plan(calibration, nights=()):
    return shared(earned(calibration, nights), floor=FLOOR)


def night(writer, *, pieces=20, asked=18, cost=120.0, probes=10, learned=5, shape="prose"):
    return [
        {"shape": shape, "writer": writer, "pieces": pieces, "asked": asked, "cost": cost},
        {"shape": shape, "writer": writer, "probes": probes, "learned": learned},
    ]


def test_nobody_but_the_rules_leaves_the_night_as_it_was():
    assert plan(measured()).by_shape == {} and not plan(measured(row(RULES))).contested
    assert plan(measured(row(NAME, right=7), row(RULES))).by_shape == {}, "not precise enough"
    assert plan(measured(row(NAME, asked=2), row(RULES))).by_shape == {}, "asks too little"


def test_the_only_usable_writer_gets_all_of_its_shape_and_others_stay_by_rule():
    found = plan(measured(row(NAME), row(RULES, right=5)))
    assert found.of("prose") == {NAME: 1.0} and found.of("table") == {RULES: 1.0} and found.contested


def test_shares_follow_value_per_cost_from_the_first_night_on():
    assert plan(measured(row(NAME), row(RULES))).of("prose") == {NAME: 0.5, RULES: 0.5}
    dear = plan(measured(row(NAME, cost=180.0), row(RULES))).of("prose")
    assert dear[NAME] == pytest.approx(FLOOR + 0.9 * 0.25, abs=1e-3)
    imprecise = plan(measured(row(NAME, right=8), row(RULES))).of("prose")
    assert imprecise[NAME] < 0.5


def test_what_was_learned_counts_and_nobody_falls_below_the_floor():
    nights = [[*night(NAME, learned=10), *night(RULES, learned=0)]]
    found = plan(measured(row(NAME), row(RULES)), nights).of("prose")
    assert found[NAME] > 0.85 and FLOOR <= found[RULES] < 0.15
    nothing_asked = [[*night(NAME, asked=0, probes=0, learned=0), *night(RULES)]]
    assert plan(measured(row(NAME), row(RULES)), nothing_asked).of("prose")[NAME] < 0.4


def test_a_poor_writer_comes_back_when_its_poor_nights_are_long_ago():
    poor, good = (
        [*night(NAME, learned=0), *night(RULES, learned=8)],
        [*night(NAME, learned=9), *night(RULES, learned=8)],
    )
    once = plan(measured(row(NAME), row(RULES)), [poor]).of("prose")[NAME]
    later = plan(measured(row(NAME), row(RULES)), [good, good, good, poor]).of("prose")[NAME]
    assert once < 0.2 < 0.4 < later


def test_nights_are_read_from_their_manifests_latest_first_of_this_dreamer_alone(workspace):
    def slept(date, rows, *, dreamer="d", examined=True):
        workspace.dataset("dreams", date).parent.mkdir(parents=True, exist_ok=True)
        workspace.dataset("dreams", date).write_text("")
        steps = {"dream": {"writers": rows[:1], "dreamer": dreamer}}
        steps |= {"examine": {"learned_by_writer": rows[1:]}} if examined else {}
        for step, figures in steps.items():
            known = {"step": step, "night": date, "digest": "x", "outputs": {}, "seconds": 1.0, "figures": figures}
            write_json(workspace.manifest(date, step), known)

    slept("2026-11-20", night(NAME, learned=1))
    slept("2026-11-21", night(NAME, learned=2), dreamer="another")
    slept("2026-11-22", night(RULES, learned=3))
    slept("2026-11-23", night(NAME, learned=4), examined=False)
    slept("2026-11-24", night(NAME, learned=5))
    found = night_rows(workspace, before="2026-11-24", dreamer="d")
    assert found == [night(NAME, learned=4)[:1], [], [], night(NAME, learned=1)]
    assert night_rows(workspace, before="2026-11-20", dreamer="d") == []


def test_the_table_names_what_was_measured_given_and_done():
    calibration = measured(row(NAME), row(RULES))
    rows = writer_rows(calibration, plan(calibration), [Tally("prose", NAME, 7, 6, 40.5)])
    assert rows[0] == {
        "shape": "prose",
        "writer": NAME,
        "known facts asked": "9 of 10",
        "right dreams": "10 of 10",
        "share": 0.5,
        "pieces": 7,
        "asked": 6,
        "cost": 40.5,
    }
    assert rows[1]["writer"] == RULES and rows[1]["pieces"] == 0
    json.dumps(rows)


@pytest.mark.parametrize("seed", range(20))
def test_simulated_over_four_nights_it_gets_no_worse_and_a_planted_bad_writer_starves(seed):
    """Writers and examination are simulated (``bench.writers``); shares are earned by the code of a night."""
    nights = simulated_nights(seed)
    shares = [{writer: one.share(writer) for writer in WRITERS} for one in nights]
    assert shares[0][BAD] == pytest.approx(1 / 3, abs=1e-3), "nothing tells it apart before the first night"
    assert shares[1][BAD] < 0.15 and shares[3][BAD] < 0.15 and min(s[BAD] for s in shares) >= FLOOR
    assert shares[3][GOOD] > shares[3][RULES] > shares[3][BAD]
    learned = [one.learned / one.pieces for one in nights]
    noise = 3 * (0.25 / nights[0].pieces) ** 0.5  # three standard errors of a share
    assert all(later > learned[0] - noise for later in learned[1:]) and learned[3] > learned[0]
    equal = simulated_nights(seed, earning=False)
    assert sum(one.learned for one in nights[1:]) > sum(one.learned for one in equal[1:])
