"""Checkpoints of LangGraph that were decoded into JSON: of each thread the newest, which holds the whole talk.

So have the states that LangGraph Server answers with (a thread, its state, its history, the newest first).
What lies in its database is msgpack and may revive classes: it is not read.
"""

from collections.abc import Iterator, Sequence

from steps.ingest.experience.family import Made
from steps.ingest.experience.fields import Found, a_list, an_object, by_key, first_text, inside, seconds, when
from steps.ingest.experience.langchain import message_of
from steps.ingest.experience.talk import talk
from steps.kinds.entry import RecordRejected


def is_checkpoint(value: Found) -> bool:
    """Whether a record is a checkpoint, a snapshot of a state, or a server's state or thread."""
    if isinstance(inside(value, "checkpoint", "channel_values"), dict):
        return True
    of_server = "thread_id" in an_object(value.get("checkpoint")) or {"thread_id", "status"} <= value.keys()
    return "values" in value and (of_server or isinstance(inside(value, "config", "configurable"), dict))


def read_checkpoints(values: Sequence[Found]) -> Iterator[tuple[int, Made]]:
    """Make a talk of each thread."""
    threads = by_key((_thread(value), place) for place, value in enumerate(values))
    for (session, _), places in threads.items():
        # Of two of the same time the one with more in it: histories are listed the newest first.
        place = max(places, key=lambda n: (seconds(_time(values[n])), len(_messages(values[n]))))
        value = values[place]
        about = {**an_object(inside(value, "config", "configurable")), **an_object(value.get("metadata"))}
        messages = [said for message in _messages(value) for said in message_of(message)]
        by_hand = about.get("source") in ("update", "fork")
        try:
            yield (
                place,
                talk(
                    messages,
                    feedback=[{"event": "the state was edited by hand"}] if by_hand else None,
                    user=first_text(about.get("user_id"), about.get("langgraph_auth_user_id")),
                    session=session,
                    created_at=when(_time(value)),
                ),
            )
        except RecordRejected as refusal:
            yield place, refusal


def _thread(value: Found) -> tuple[str | None, str | None]:
    at = [an_object(inside(value, "config", "configurable")), an_object(value.get("checkpoint"))]
    thread = first_text(*(one.get("thread_id") for one in (*at, value, an_object(value.get("metadata")))))
    return thread, first_text(*(one.get("checkpoint_ns") for one in at))


def _time(value: Found) -> object:
    return inside(value, "checkpoint", "ts") or value.get("created_at")


def _messages(value: Found) -> list[object]:
    return a_list(inside(value, "checkpoint", "channel_values", "messages")) or a_list(
        inside(value, "values", "messages")
    )
