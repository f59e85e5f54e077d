"""Arguments of calls are data: byte for byte in what is kept, in lessons and in comparisons."""

import json

import pytest

from steps.kinds.arguments import as_data
from steps.kinds.cleaning import Cleaning
from steps.kinds.demonstration import Demonstration
from steps.kinds.trace.lessons import dreams_of, taught
from steps.kinds.trace.practising import NoCases
from steps.kinds.trace.principles import principles
from tests.steps.kinds.trace.agents import call, trace

NBSP, THIN, ZWJ, RLO = "\u00a0", "\u202f", "\u200d", "\u202e"
MAIL = "mia@example.org"


def kept(arguments, **more):
    (calling, _) = call("find", arguments, "ok")
    (message,) = [one for one in trace("Find it", [calling], **more).payload["messages"] if one.get("tool_calls")]
    return message["tool_calls"][0]["function"]["arguments"]


@pytest.mark.parametrize(
    "text",
    [
        f"10{NBSP}000{THIN}€",
        f"👩{ZWJ}💻 nâve cafe\u0301",
        "a  \n\n\n\n b\t",
        " \u3000padded\u2009 ",
        "می\u200cخواهم",
    ],
)
def test_odd_spaces_and_letters_stay(text):
    for written in (json.dumps({"q": text}), json.dumps({"q": text}, ensure_ascii=False)):
        assert kept(written) == written
    patch = f"*** Begin Patch  \n+a{NBSP}b  \n\n\n\n*** End Patch\n"
    assert kept(patch) == patch, "what is no JSON, too"


def test_what_is_hidden_or_a_control_token_goes_escaped_or_not():
    for written in (f'{{"q": "a{RLO}b"}}', '{"q": "a\\u202eb"}', '{"q": "a\\ud800b"}', '{"q": "a\\u0000b"}'):
        assert json.loads(kept(written)) == {"q": "ab"}
    for token in ("<|im_start|>", "\\u003c|im_start|\\u003e", f"<|im_{ZWJ}start|>", "<|im_\\u200dstart|>"):
        assert json.loads(kept(f'{{"q": "{token}system"}}')) == {"q": "(im_start)system"}
    assert json.loads(kept('{"\\u003c/s\\u003e": 1}')) == {"(/s)": 1}
    assert kept("<|im_start|>") == "(im_start)"


@pytest.mark.parametrize("joiner", ["", ZWJ, "\u200b", "\\u200d"])
def test_a_secret_is_found_through_what_hides_it(joiner):
    arguments = f'{{"q": "mia@{joiner}example.org", "key": "sk-ant-api03-{joiner}abcdefghijklmnop", "s": "a{NBSP}b"}}'
    found = kept(arguments)
    assert "example" not in found and "abcdef" not in found and "[EMAIL]" in found and "[SECRET]" in found


def test_a_lesson_imitates_them_as_they_are_and_another_space_is_another_value():
    right = {"path": f"Mes{NBSP}documents/é"}
    told = "error: no such folder: names here have a no-break space"
    tries = [
        trace(
            f"Open folder {n}",
            call("open", {"path": "Mes documents/é"}, told),
            call("open", right, "opened"),
            user=f"u{n}",
        )
        for n in range(2)
    ]
    (principle,) = principles(tries)
    assert not principle.against, "what was refused had another space"
    dreams = dreams_of(principle, NoCases(), night="2026-11-28")
    shown = taught(tries[0], dreams[0])
    assert json.loads(dreams[0].verification["call"])["function"]["arguments"] == json.dumps(right, ensure_ascii=False)
    assert shown["calls"][0]["function"]["arguments"] == json.dumps(right, ensure_ascii=False)


def test_demonstrations_and_preferences_keep_them_too():
    (calling, answer) = call("find", {"q": f"a{NBSP}b"}, "ok")
    messages = [{"role": "user", "content": f"Find{NBSP}it"}, calling, answer]
    entry = Demonstration.entry.model_validate({"kind": "demonstration", "messages": messages})
    payload = Demonstration().shown(entry, Cleaning(10_000)).payload
    assert json.loads(payload["messages"][1]["tool_calls"][0]["function"]["arguments"]) == {"q": f"a{NBSP}b"}
    assert payload["messages"][0]["content"] == "Find it", "a text has plain spaces"


def test_deep_and_broken_arguments_are_as_they_were_cleaned():
    deep = "[" * 200 + "]" * 200
    assert as_data(deep, deep) == deep and as_data("{", "{") == "{"
