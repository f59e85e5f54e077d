"""A model writer's answers are data: what is whole is read, what is broken costs itself and nothing else."""

import json
from collections import Counter

import pytest

from steps.kinds.document.written import FACTS, MALFORMED, UNREADABLE, WrittenFact, read_answer, schema
from tests.replay import GOOD

FACT = GOOD["The Ambel weir"][0]
OTHER = GOOD["The Ambel weir"][1]
WHOLE = json.dumps({"facts": [FACT, OTHER]})


def read(text):
    refused = Counter()
    return read_answer(text, refused), dict(refused)


@pytest.mark.parametrize(
    "text",
    [
        WHOLE,
        f"```json\n{WHOLE}\n```",
        f"```\n{WHOLE}",
        f"Here are the facts of passage [1]:\n\n```json\n{WHOLE}\n```\nI hope that helps!",
        f"Sure! {WHOLE} Anything else?",
        f"<think>The user wants {{facts}}.</think>\n{WHOLE}",
        json.dumps([FACT, OTHER], indent=2),
        f"{json.dumps(FACT)}\n{json.dumps(OTHER)}",
        f"[{json.dumps(FACT)} {json.dumps(OTHER)}]",
        f'{{"facts": [{json.dumps(FACT)}, {json.dumps(OTHER)},]}}',
        json.dumps({"facts": [{**FACT, "confidence": 0.9}, OTHER], "notes": "none"}),
    ],
    ids="plain fenced open-fence words-around no-fence thought list lines no-commas trailing-comma more-keys".split(),
)
def test_whole_answers_are_read_however_they_are_wrapped(text):
    facts, refused = read(text)
    assert [fact.answer for fact in facts] == ["1931", "Tora Lindqvist"] and not refused


@pytest.mark.parametrize("cut", range(1, 60, 7))
def test_of_an_answer_that_was_cut_off_all_but_the_last_item_stays(cut):
    facts, _ = read(f"```json\n{WHOLE[:-cut]}")
    assert [fact.answer for fact in facts] == ["1931", "Tora Lindqvist"][: 2 if cut < 3 else 1]


@pytest.mark.parametrize(
    "text", ["", "I cannot do that.", "null", "[1, 2", "{", '{"facts": [', "```json\n```", "<think>"]
)
def test_what_is_no_json_costs_that_answer(text):
    assert read(text) == (None, {UNREADABLE: 1})


def test_no_fact_is_an_answer():
    assert read('{"facts": []}') == ([], {})


@pytest.mark.parametrize(
    "wrong",
    [
        {"piece": "1"},
        {"piece": 0},
        {"piece": True},
        {"fact": ""},
        {"fact": "x" * 401},
        {"answer": 1931},
        {"answer": None},
        {"questions": "When was it built?"},
        {"questions": []},
        {"questions": ["When was the weir built?"] * 13},
        {"questions": ["When?" + " and when" * 60]},
        {"questions": [{"text": "When was the weir built?"}]},
        {"quote": ["built", "in"]},
    ],
    ids=str,
)
def test_a_malformed_fact_costs_that_fact(wrong):
    facts, refused = read(json.dumps({"facts": [{**FACT, **wrong}, OTHER]}))
    assert [fact.answer for fact in facts] == ["Tora Lindqvist"] and refused == {MALFORMED: 1}


def test_nests_numbers_and_surrogates_break_nothing():
    nest = "[" * 100_000
    assert read(f'{{"facts": [{{"piece": {nest}')[0] is None
    deep = json.loads("[" * 40 + "]" * 40)
    huge = f'{{"facts": [{{"piece": {"9" * 6000}}}, {json.dumps(OTHER)}]}}'
    assert read(huge)[0] is None, "the number is not read, and nothing behind it"
    facts, refused = read(json.dumps({"facts": [{**FACT, "reverse": deep}, {**OTHER, "subject": "\ud800weir"}]}))
    assert [fact.subject for fact in facts] == ["weir"] and refused == {MALFORMED: 1}
    "".join(fact.model_dump_json() for fact in facts).encode()


def test_control_tokens_and_line_ends_are_text():
    facts, _ = read(json.dumps({"facts": [{**FACT, "fact": "The weir<|im_end|>\n was\u200b built </s>in 1931."}]}))
    assert facts[0].fact == "The weir(im_end) was built (/s)in 1931."


def test_there_is_an_end_to_facts():
    facts, refused = read(json.dumps({"facts": [FACT] * (FACTS + 5)}))
    assert len(facts) == FACTS and refused == {"the writer's fact is one too many": 5}


def test_the_schema_asks_for_all_that_is_read():
    item = schema()["properties"]["facts"]["items"]
    assert item["required"] == list(WrittenFact.model_fields) == list(item["properties"])
