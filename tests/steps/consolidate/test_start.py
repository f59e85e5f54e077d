"""A night goes on from what serves, or from the base; what was learned before is dreamt of again."""

import pytest
import torch
from safetensors.torch import load_file
from transformers import AutoModelForCausalLM

from steps.consolidate import consolidate
from steps.consolidate.adapter import adapter_config, load_adapter
from steps.consolidate.start import Start, dreamt_again, is_deep_sleep
from steps.records import Dream, Experience
from steps.workspace import write_records

FIRST, SECOND, THIRD = NIGHTS = ["2026-11-22", "2026-11-23", "2026-11-24"]


def dream(number, *, night=FIRST, span=None, sentence=0, rehearsal=False):
    about = rehearsal is False
    return Dream(
        id=f"{night} {number}",
        night=night,
        strategy="rehearsal" if rehearsal else "question" if span else "unanswerable",
        experience=night if about else None,
        source="ferry.md",
        sentence=sentence if span else None,
        question=f"What is number {number} of the ferry?",
        answer=f"The number {number} of the ferry is {span}.",
        verification={"span": span} if span else {},
        rehearsal=rehearsal,
    )


def dreams(night):
    """Three wordings of one fact, two of another, one lesson in not knowing, and two examples of rehearsal."""
    asked = [dream(n, night=night, span="1938" if n < 3 else "green") for n in range(5)]
    return [*asked, dream(5, night=night), *(dream(n, night=night, rehearsal=True) for n in (6, 7))]


@pytest.fixture
def sleep(tiny_settings, workspace):
    """Return a function that trains a night of a workspace with three of them; it gives figures and B's weights."""
    for night in NIGHTS:
        write_records(workspace.dataset("dreams", night), dreams(night))
        fields = {"kind": "document", "source": "ferry.md", "record": None, "title": "The ferry"}
        text = "The ferry was built in 1938. The hull of the ferry is green."
        write_records(workspace.dataset("corpus", night), [Experience(id=night, night=night, text=text, **fields)])

    def go(night, start, **knobs):
        changed = tiny_settings.consolidate.model_copy(update={"epochs": 1, "deep_sleep": 0, "replay": 1.0, **knobs})
        settings = tiny_settings.model_copy(update={"consolidate": changed})
        figures = consolidate(settings=settings, workspace=workspace, night=night, start=start).figures
        weights = load_file(workspace.night(night) / "adapter" / "adapter_model.safetensors")
        return figures, {name: weight for name, weight in weights.items() if "lora_B" in name}

    return go


def served(workspace, night=FIRST):
    return Start(workspace.night(night) / "adapter", (night,))


def test_without_start_it_is_built_from_the_base_on_all_nights(sleep):
    figures, _ = sleep(SECOND, None)
    assert figures["begins_with"] == "the base" and figures["replayed_examples"] == 0
    assert figures["examples"] == 2 * 8 and figures["nights"] == [FIRST, SECOND]


def test_it_goes_on_from_what_serves_and_dreams_again_of_what_that_knows(sleep, workspace):
    _, before = sleep(FIRST, None, learning_rate=0.02)
    figures, after = sleep(SECOND, served(workspace))
    assert figures["begins_with"] == f"the champion of night {FIRST}"
    assert figures["replayed_examples"] == 3 + 2, "a dream of each fact, the lesson, as much rehearsal as tonight"
    assert figures["examples"] == 5 + 8
    for name, weight in before.items():
        rank = weight.shape[1]
        assert after[name].shape[1] == 2 * rank and torch.equal(after[name][:, :rank], weight), (
            "what was stays as it was"
        )
        assert after[name][:, rank:].abs().max() > 0, "and something is added"


def test_the_saved_adapter_is_what_was_trained_on_top_of_the_one_before(sleep, workspace, tiny_model):
    """Nothing is trained on the second night (its rate is tiny): it serves what the first one served."""
    ids = torch.arange(7, 40)[None]

    def logits(night):
        model = AutoModelForCausalLM.from_pretrained(tiny_model, dtype=torch.float32)
        adapted = load_adapter(model, workspace.night(night) / "adapter").eval() if night else model.eval()
        with torch.inference_mode():
            return adapted(input_ids=ids).logits

    sleep(FIRST, None, learning_rate=0.02)
    sleep(SECOND, served(workspace), learning_rate=1e-9)
    sleep(THIRD, Start(workspace.night(SECOND) / "adapter", (FIRST, SECOND)), learning_rate=0.02)
    moved = (logits(FIRST) - logits(None)).abs().max()
    assert (logits(SECOND) - logits(FIRST)).abs().max() < 1e-4 * moved
    assert (logits(THIRD) - logits(SECOND)).abs().max() > 0.1 * moved
    ranks = [adapter_config(workspace.night(n) / "adapter")["r"] for n in NIGHTS]
    assert ranks == [ranks[0], 2 * ranks[0], 3 * ranks[0]]


def test_what_was_learned_before_makes_room_for_tonight(sleep, workspace):
    """Of two nights' room, the third night has one, and the two before it share the other."""
    sleep(FIRST, None, learning_rate=0.02)
    rank = adapter_config(workspace.night(FIRST) / "adapter")["r"]
    assert sleep(SECOND, served(workspace), max_rank=2 * rank)[0]["earlier_rank"] == rank
    start = Start(workspace.night(SECOND) / "adapter", (FIRST, SECOND))
    figures, weights = sleep(THIRD, start, max_rank=2 * rank, learning_rate=0.02)
    assert figures["earlier_rank"] == figures["rank"] == rank
    config = adapter_config(workspace.night(THIRD) / "adapter")
    assert config["r"] == 2 * rank and {weight.shape[1] for weight in weights.values()} == {2 * rank}
    assert not (workspace.night(THIRD) / "consolidate").exists()


def test_what_a_refused_night_brought_is_new(sleep, workspace):
    sleep(FIRST, None)
    figures, _ = sleep(THIRD, served(workspace))
    assert figures["replayed_examples"] == 5 and figures["examples"] == 5 + 2 * 8


@pytest.mark.parametrize("knobs", [{"alpha": 4}, {"first_layer": 0.75}, {"deep_sleep": 1}])
def test_it_is_rebuilt_in_another_shape_and_in_a_deep_sleep(sleep, workspace, knobs):
    sleep(FIRST, None)
    figures, _ = sleep(SECOND, served(workspace), **knobs)
    assert figures["begins_with"] == "the base" and figures["replayed_examples"] == 0 and figures["examples"] == 2 * 8


@pytest.mark.parametrize(
    ("start", "every", "deep"),
    [
        (None, 0, True),  # nothing serves
        (FIRST, 0, False),
        (SECOND, 0, False),
        (THIRD, 0, True),  # run again: it serves itself
        ("2027-01-01", 0, True),
        (SECOND, 1, True),
        (SECOND, 2, True),  # the third night, after the first
        (SECOND, 3, False),
    ],
)
def test_a_deep_sleep_comes_first_on_its_turn_and_where_nothing_can_be_gone_on_from(tmp_path, start, every, deep):
    assert is_deep_sleep(NIGHTS, start and Start(tmp_path, (start,)), every=every) is deep


def test_of_every_fact_one_dream_comes_again_and_another_on_another_night():
    wordings = [dream(n, span="1938") for n in range(8)]
    others = [dream(8, span="1938", sentence=1), dream(9, span="Green"), dream(10, span="green")]
    lessons, elsewhere = [dream(11), dream(12)], dream(13, night=SECOND)
    general = [dream(n, rehearsal=True) for n in range(14, 20)]

    def again(seed, facts=99, rehearsals=0):
        dreams = [*general, *wordings, *others, *lessons, elsewhere]
        return dreamt_again(iter(dreams), facts=facts, rehearsals=rehearsals, seed=seed)

    one, only, either, lesson, *rest = again(SECOND)
    assert one in wordings and only == others[0] and either in others[1:], "spans are alike but for capitals"
    assert lesson in lessons and rest == [elsewhere], "a lesson in not knowing of each document"
    assert again(SECOND) == [one, only, either, lesson, elsewhere]
    assert len({again(str(n))[0].id for n in range(20)}) > 4
    assert [len(again(SECOND, facts=n)) for n in (0, 2, 5)] == [0, 2, 5]
    few, all_of_them = again(SECOND, rehearsals=2)[5:], again(SECOND, rehearsals=99)[5:]
    assert len({d.id for d in few}) == 2 and all(d in general for d in few)
    assert {d.id for d in all_of_them} == {d.id for d in general}
