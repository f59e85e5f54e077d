"""Contrasts: what the base says of other things stays; nothing is claimed to be right of them."""

import json

from steps.dream.lessons import lesson_of, suite_of
from steps.kinds.trace.contrasts import contrast_dreams
from steps.kinds.trace.principles import principles
from tests.steps.kinds.trace.agents import call, trace

NIGHT = "2026-11-22"


def store(thing, place, colour=None):
    where = {"what": thing, "place": place, **({"colour": colour} if colour else {})}
    done = [call("store", where | {"place": "attic"}, f"error: {place}, please"), call("store", where, "ok")]
    words = f"A {colour} {thing}" if colour else f"A {thing}"
    return trace(
        f"{words} has come in. Where does it go?",
        done[0],
        [done[1][0] | {"content": f"{words} goes to the {place}."}, done[1][1]],
    )


def ship(thing):
    done = call("ship", {"what": thing, "by": "rail"}, "ok")
    return trace(
        f"How does the {thing} travel?", call("ship", {"what": thing, "by": "air"}, "error: all of it by rail"), done
    )


def test_a_thing_of_another_principle_is_swapped_in_and_the_base_is_kept():
    met = [store("fig", "kitchen"), store("pear", "kitchen"), ship("cow"), ship("hen")]
    by_id, found = {experience.id: experience for experience in met}, principles(met)
    dreams = contrast_dreams(found, night=NIGHT)
    assert {d.objective for d in dreams} == {"keep"} and all(d.rehearsal and suite_of(d, by_id) is None for d in dreams)
    lessons = [lesson_of(dream, by_id) for dream in dreams]
    first = next(one for one in lessons if one.calls[0]["function"]["name"] == "store")
    (asked,) = first.messages
    thing = next(thing for thing in ("cow", "hen") if thing in asked["content"])
    assert first.completion == f"A {thing} goes to the kitchen."
    assert json.loads(first.calls[0]["function"]["arguments"]) == {"what": thing, "place": "kitchen"}
    assert len(lessons) == 4
    assert dreams == contrast_dreams(found, night=NIGHT), "the same for the same night"


def test_where_a_word_is_the_same_in_all_cases_that_is_swapped_for_the_principle_hangs_on_it():
    met = [store("fig", "cellar", "red"), store("pear", "cellar", "red"), ship("cow"), ship("hen")]
    asked = [d.question for d in contrast_dreams(principles(met), night=NIGHT) if "come in" in d.question]
    assert asked and all("red" not in text and ("fig" in text or "pear" in text) for text in asked)


def test_two_sides_of_one_tool_are_no_contrast_to_each_other_and_alone_there_is_none():
    sides = principles(
        [store("fig", "kitchen"), store("pear", "kitchen"), store("saw", "garage"), store("axe", "garage")]
    )
    assert len(sides) == 2 and contrast_dreams(sides, night=NIGHT) == []
    assert contrast_dreams(sides[:1], night=NIGHT) == []
