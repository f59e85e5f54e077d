"""The depot's data and world: two sides, no word on both sides of the split, answers that name the reason."""

import pytest
import yaml

from bench.depot.data import FOLDER, read_depot
from bench.depot.episodes import Episode, played
from bench.depot.formats import write_demonstrations, write_preferences, write_traces
from bench.depot.world import DAY, MORNING, day_cases, morning_cases, near_misses, practice_cases
from steps.errors import SlumberError
from steps.kinds.trace.principles import principles, warnings
from steps.lifecycle import step_of
from steps.night import Night, Told
from steps.records import Experience
from steps.workspace import read_records


class Contrary:
    """Prefers the action that is said last among four, unless a lesson stands before the case: it does that."""

    def score(self, what, items):
        import numpy as np

        rules = {side.rule: side.action for one in read_depot().principles for side in one.sides}
        found = []
        for n, (chat, said) in enumerate(items):
            told = [action for rule, action in rules.items() if chat[-1]["content"].startswith(rule)]
            found.append(np.array([100.0 * any(f" {action}" in said for action in told) + n % 4]))
        return found


def test_the_data_are_thirty_two_principles_four_a_night_of_seven_families():
    depot = read_depot()
    assert len(depot.principles) == 32 and [len(depot.of_night(n)) for n in range(1, 9)] == [4] * 8
    assert len({one.family for one in depot.principles}) == 7 and len({one.id for one in depot.principles}) == 32


def test_no_word_of_the_morning_is_met_by_day_or_practised():
    depot = read_depot()
    asked, met, sides = set(), set(), 0
    for one in depot.principles:
        morning = morning_cases(depot, one)
        assert [case.side for case in morning] == [0] * MORNING + [1] * MORNING
        asked |= {case.thing for case in morning}
        for side in (0, 1):
            practice = list(practice_cases(depot, one, side, seed=1))
            assert len(practice) >= 2 * DAY, "enough for a day, and for practice beside it"
            met |= {case.thing for case in practice}
            sides += 1
        assert all(
            case.right is None and case.answered(case.actions[0])[0] is False for case in near_misses(depot, one)
        )
    assert sides == 64 and not asked & met


def test_days_are_the_same_for_the_same_seed_and_cover_both_sides():
    depot = read_depot()
    cases = day_cases(depot, 3, seed=1)
    assert cases == day_cases(depot, 3, seed=1) != day_cases(depot, 3, seed=2)
    assert len(cases) == 4 * 2 * DAY == len({case.id for case in cases})


def test_an_error_names_the_reason_and_a_user_corrects_every_second_failure():
    cases = day_cases(read_depot(), 1, seed=1)
    episodes = played(Contrary(), cases)
    assert all(len(one.tries) == 2 and one.done for one in episodes), "contrary first, obedient then"
    assert sum(one.correction is not None for one in episodes) == len(episodes) / 2
    done, answer = cases[0].answered(cases[0].actions[-1])
    assert not done and cases[0].rule in answer
    assert Episode(cases[0], (cases[0].right,)).messages[-1]["content"] == "That is done."


def test_what_importers_read_makes_the_principles_again(tiny_settings, workspace, tmp_path):
    """Days 2 and 7 have repairs of a number; each side is one principle with its four cases, in four formats."""
    for number, night in ((2, "2026-12-02"), (7, "2026-12-07")):
        cases = day_cases(read_depot(), number, seed=1)
        episodes = played(Contrary(), cases)
        inbox = tmp_path / str(number)
        inbox.mkdir()
        write_traces(episodes, inbox, night=night)
        write_preferences(episodes, inbox)
        write_demonstrations(cases[:2], inbox)
        tonight = Night.of(tiny_settings, workspace, night, inbox=inbox, lineage=Told())
        figures = step_of("ingest").run(tonight).figures
        step_of("validate").run(tonight)
        assert figures.outcomes == {"accepted": 32 + 16 + 2}
        corpus = read_records(workspace.dataset("corpus", night), Experience)
        traces = [experience for experience in corpus if experience.kind == "trace"]
        found = principles(traces)
        assert {(one.traces, one.counter, one.refused) for one in found} == {(DAY, 0, None)} and len(found) == 8
        rules = {side.rule for one in read_depot().of_night(number) for side in one.sides}
        assert {one.because.most_common(1)[0][0] for one in found} == rules
        assert warnings(traces).total() == 32


def test_broken_data_are_told_in_a_sentence(tmp_path):
    for name in ("principles", "lexicon"):
        (tmp_path / f"{name}.yaml").write_text((FOLDER / f"{name}.yaml").read_text())
    words = yaml.safe_load((tmp_path / "lexicon.yaml").read_text())
    words["fruit"]["test"].append("apple")
    (tmp_path / "lexicon.yaml").write_text(yaml.safe_dump(words))
    with pytest.raises(SlumberError, match="these words stand in two places: apple"):
        read_depot(tmp_path)
    with pytest.raises(SlumberError, match="restore data/bench/depot"):
        read_depot(tmp_path / "missing")
