"""Where in a talk an order to a model stands: what is said from there on is nobody's example."""

from collections.abc import Mapping, Sequence
from typing import Any

from steps.model.tools import call_text
from steps.orders import has_order, is_order, takes_back

ORDERED = "orders to a model"


def ordered_at(messages: Sequence[Mapping[str, Any]]) -> int:
    """The place of the first message in which an order to a model stands; behind the last if there is none.

    What stands before a talk is its owner's word, and of what a user asks only what takes that back is an order.
    """
    for place, one in enumerate(messages):
        gives = takes_back if one["role"] == "user" else is_order
        if one["role"] not in ("system", "developer") and has_order(said(one), gives):
            return place
    return len(messages)


def said(message: Mapping[str, Any]) -> str:
    """What a message says and calls, as text."""
    return call_text(message.get("content") or "", message.get("tool_calls") or ())
