"""Records that were written to train on: TRL's types, Alpaca, OpenAI's fine-tuning, Anthropic's preferences of 2022."""

from collections.abc import Mapping
from itertools import takewhile
from typing import Any

from steps.ingest.experience.fields import Found

_HH = "\n\nAssistant:"  # Anthropic's preferences: whole talks as one text
_JUDGED = ("feedback", "rating", "label", "score", "reward")
_LABELS = {"true": True, "1": True, "1.0": True, "false": False, "0": False, "0.0": False}  # as tables write them


def of_preference(found: Found) -> Found | None:
    """TRL: with a prompt of its own, or with one that both answers begin with. OpenAI: under names of its own."""
    if isinstance(found.get("input"), Mapping) and "preferred_output" in found and "non_preferred_output" in found:
        answers = {"chosen": found["preferred_output"], "rejected": found["non_preferred_output"]}
        given = found["input"]
        tools = {"tools": given["tools"]} if given.get("tools") else {}
        rest = _without(found, "input", "preferred_output", "non_preferred_output")
        return {**rest, **tools, "kind": "preference", "prompt": given.get("messages"), **answers}
    if "chosen" not in found or "rejected" not in found:
        return None
    chosen, rejected = found["chosen"], found["rejected"]
    ours: Found = {**found, "kind": "preference"}
    if isinstance(chosen, list) and isinstance(rejected, list):
        shared = 0
        while shared < min(len(chosen), len(rejected)) - 1 and chosen[shared] == rejected[shared]:
            shared += 1
        if shared:
            talk = [*_before(found.get("prompt"), chosen[0]), *chosen[:shared]]
            ours |= {"prompt": talk, "chosen": chosen[shared:], "rejected": rejected[shared:]}
    elif "prompt" not in found and isinstance(chosen, str) and isinstance(rejected, str):
        prompt, sign, better = chosen.rpartition(_HH)
        other, _, worse = rejected.rpartition(_HH)
        if sign and prompt == other:
            ours |= {"prompt": prompt.strip(), "chosen": better.strip(), "rejected": worse.strip()}
        elif begun := _begun_alike(chosen, rejected):
            ours |= {
                "prompt": begun,
                "chosen": chosen[len(begun) :].strip(),
                "rejected": rejected[len(begun) :].strip(),
            }
    return ours


def of_alpaca(found: Found) -> Found | None:
    """Alpaca, and Dolly, which calls them context and response."""
    said = found.get("output", found.get("response"))
    if not isinstance(found.get("instruction"), str) or not isinstance(said, str):
        return None
    asked = "\n\n".join(filter(None, (found["instruction"], str(found.get("input") or found.get("context") or ""))))
    history = found.get("history")
    earlier = [pair for pair in (history if isinstance(history, list) else ()) if isinstance(pair, list)]
    messages = [message for pair in earlier if len(pair) == 2 for message in _pair(*pair)] + _pair(asked, said)
    used = ("instruction", "input", "context", "output", "response", "history")
    return {**_without(found, *used), "kind": "demonstration", "messages": messages}


def of_messages(found: Found) -> Found | None:
    """OpenAI's and TRL's. Answers with weight 0 are not learned; where all have it, nothing is demonstrated.

    Nor is it where somebody judged the talk: what is rated was said, and not written to be imitated.
    """
    messages = found.get("messages")
    if not isinstance(messages, list):
        return None
    if found.get("outcome") is not None:
        ended = found["outcome"]
        return {**found, "kind": "trace", "outcome": {"status": ended} if isinstance(ended, str) else ended}
    if judged := {key: found[key] for key in _JUDGED if found.get(key) is not None}:
        said = judged.get("feedback", {"rating": next(iter(judged.values()))})
        return {**_without(found, *_JUDGED), "kind": "conversation", "feedback": said}
    answers = [m for m in messages if isinstance(m, Mapping) and m.get("role") == "assistant"]
    left = bool(answers) and all(message.get("weight") == 0 for message in answers)
    return {**found, "kind": "conversation" if left else "demonstration"}


def of_completion(found: Found) -> Found | None:
    """TRL's prompt and completion, as texts or as messages; with a label they are rated, not demonstrated."""
    asked = found.get("prompt")
    said = found.get("completion", found.get("response"))
    if "label" in found and all(isinstance(side, str | list) for side in (asked, said)):
        label = _LABELS.get(str(found["label"]).strip().lower(), found["label"])  # one that says neither is refused
        return {**_without(found, "response"), "kind": "preference", "completion": said, "label": label}
    if isinstance(asked, str) and isinstance(said, str):
        messages = _pair(asked, said)
    elif isinstance(asked, list) and isinstance(said, list):
        messages = [*asked, *said]
    else:
        return None
    return {**_without(found, "prompt", "completion", "response"), "kind": "demonstration", "messages": messages}


def _before(prompt: Any, first: Any) -> list[Any]:
    """What of a prompt stands before two talks that begin with ``first``.

    All of it, where they go on from it (calls of tools before two last words, say) or it is what their owner says;
    nothing, where it says in other words what they begin with.
    """
    given = [{"role": "user", "content": prompt}] if isinstance(prompt, str) else prompt
    if not isinstance(given, list) or first in given:
        return []
    roles = [one.get("role") if isinstance(one, Mapping) else None for one in (first, *given)]
    owners = all(role in ("system", "developer") for role in roles[1:])
    return given if roles[0] in ("assistant", "tool", "function") or owners else []


def _begun_alike(one: str, other: str) -> str:
    """The words that both texts begin with, if more follows in each: TRL's prompt where none stands beside them."""
    alike = "".join(a for a, _ in takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False)))
    begun = alike[: alike.rfind(" ")] if " " in alike else ""
    return begun if begun.strip() and one[len(begun) :].strip() and other[len(begun) :].strip() else ""


def _without(value: Mapping[str, Any], *used: str) -> Found:
    return {key: item for key, item in value.items() if key not in used}


def _pair(asked: Any, said: Any) -> list[Found]:
    return [{"role": "user", "content": asked}, {"role": "assistant", "content": said}]
