"""A night goes on from what serves, or from the base; what was learned before is dreamt of again."""

import pytest
import torch
from safetensors.torch import load_file
from transformers import AutoModelForCausalLM

import steps.consolidate.trainer as training
from steps.checkpoint import AdapterCheckpoint, adapter_config
from steps.consolidate.adapter import load_adapter
from steps.consolidate.start import dreamt_again, goes_on
from steps.consolidate.step import ConsolidateStep
from steps.night import Night, Told
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
        changed = tiny_settings.consolidate.model_copy(update={"epochs": 1, "replay": 1.0, **knobs})
        settings = tiny_settings.model_copy(update={"consolidate": changed})
        tonight = Night.of(settings, workspace, night, lineage=Told(begins_with=start))
        figures = ConsolidateStep().run(tonight).figures.model_dump()
        weights = load_file(workspace.night_dir(night) / "adapter" / "adapter_model.safetensors")
        return figures, {name: weight for name, weight in weights.items() if "lora_B" in name}

    return go


def served(workspace, night=FIRST):
    return AdapterCheckpoint(workspace.night_dir(night) / "adapter", (night,))


def test_without_start_it_is_built_from_the_base_night_after_night(sleep, workspace):
    """As those nights would have built it, had they been slept one by one: the very same weights."""
    figures, together = sleep(SECOND, None, learning_rate=0.02)
    assert figures["begins_with"] == "the base" and figures["cohorts"] == figures["nights"] == [FIRST, SECOND]
    assert figures["examples"] == 8 + 7 + 8 and figures["replayed_examples"] == 7
    assert figures["steps"] == len(figures["losses"])
    assert figures["rank"] == adapter_config(workspace.night_dir(SECOND) / "adapter")["r"], "both nights may be scaled"
    first, _ = sleep(FIRST, None, learning_rate=0.02)
    second, one_by_one = sleep(SECOND, served(workspace), learning_rate=0.02)
    assert second["cohorts"] == [SECOND] and figures["losses"] == first["losses"] + second["losses"]
    assert all(torch.equal(weight, one_by_one[name]) for name, weight in together.items())


@pytest.mark.parametrize("torn", [False, True])
def test_a_cohort_that_a_killed_run_had_learned_is_not_learned_again(sleep, workspace, monkeypatch, torn):
    """Unless its adapter is no longer what was saved: the kill came while the folder was being deleted."""
    _, whole = sleep(SECOND, None, learning_rate=0.02)
    real, learned = training.learn, []

    def cut_short(folder):
        if folder.name == SECOND and len(learned) == 1:
            raise KeyboardInterrupt
        learned.append(folder.name)
        return real(folder)

    monkeypatch.setattr(training, "learn", cut_short)
    workspace.manifest(SECOND, "consolidate").unlink()
    with pytest.raises(KeyboardInterrupt):
        sleep(SECOND, None, learning_rate=0.02)
    assert not (workspace.night_dir(SECOND) / "adapter").exists()
    if torn:
        (workspace.night_dir(SECOND) / "consolidate" / FIRST / "adapter" / "adapter_config.json").unlink()
    monkeypatch.setattr(training, "learn", lambda folder: (learned.append(folder.name), real(folder))[1])
    figures, again = sleep(SECOND, None, learning_rate=0.02)
    assert learned == [FIRST] * (1 + torn) + [SECOND] and figures["examples"] == 8 + 7 + 8
    assert all(torch.equal(weight, again[name]) for name, weight in whole.items())


def test_it_goes_on_from_what_serves_and_dreams_again_of_what_that_knows(sleep, workspace):
    _, before = sleep(FIRST, None, learning_rate=0.02)
    figures, after = sleep(SECOND, served(workspace))
    assert figures["begins_with"] == f"the champion of night {FIRST}"
    assert figures["replayed_examples"] == 3 + 2 + 2, "of six three wordings nearby, the others, rehearsal as tonight's"
    assert figures["examples"] == 7 + 8
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
        adapted = load_adapter(model, workspace.night_dir(night) / "adapter").eval() if night else model.eval()
        with torch.inference_mode():
            return adapted(input_ids=ids).logits

    sleep(FIRST, None, learning_rate=0.02)
    sleep(SECOND, served(workspace), learning_rate=1e-9)
    sleep(THIRD, AdapterCheckpoint(workspace.night_dir(SECOND) / "adapter", (FIRST, SECOND)), learning_rate=0.02)
    moved = (logits(FIRST) - logits(None)).abs().max()
    assert (logits(SECOND) - logits(FIRST)).abs().max() < 1e-4 * moved
    assert (logits(THIRD) - logits(SECOND)).abs().max() > 0.1 * moved
    ranks = [adapter_config(workspace.night_dir(n) / "adapter")["r"] for n in NIGHTS]
    assert ranks == [ranks[0], 2 * ranks[0], 3 * ranks[0]]


def test_what_was_learned_before_makes_room_for_tonight(sleep, workspace):
    """Of two nights' room, the third night has one, and the two before it share the other."""
    sleep(FIRST, None, learning_rate=0.02)
    rank = adapter_config(workspace.night_dir(FIRST) / "adapter")["r"]
    assert sleep(SECOND, served(workspace), max_rank=2 * rank)[0]["earlier_rank"] == rank
    start = AdapterCheckpoint(workspace.night_dir(SECOND) / "adapter", (FIRST, SECOND))
    figures, weights = sleep(THIRD, start, max_rank=2 * rank, learning_rate=0.02)
    assert figures["earlier_rank"] == figures["rank"] == rank
    config = adapter_config(workspace.night_dir(THIRD) / "adapter")
    assert config["r"] == 2 * rank and {weight.shape[1] for weight in weights.values()} == {2 * rank}
    assert not (workspace.night_dir(THIRD) / "consolidate").exists()


def test_what_a_refused_night_brought_is_new(sleep, workspace):
    sleep(FIRST, None)
    figures, _ = sleep(THIRD, served(workspace))
    assert figures["cohorts"] == [SECOND, THIRD] and figures["replayed_examples"] == 7 + 8, "what was kept, each time"
    assert figures["examples"] == 2 * 8 + 7 + 8


@pytest.mark.parametrize("knobs", [{"scale": 1.0}, {"frozen_fraction": 0.75}])
def test_in_another_shape_it_is_built_from_the_base(sleep, workspace, knobs):
    sleep(FIRST, None)
    figures, _ = sleep(SECOND, served(workspace), **knobs)
    assert figures["begins_with"] == "the base" and figures["cohorts"] == [FIRST, SECOND]


def test_nothing_goes_on_from_what_has_learned_from_tonight_or_later(sleep, workspace, tiny_settings):
    sleep(FIRST, None)
    adapter = workspace.night_dir(FIRST) / "adapter"
    assert goes_on(AdapterCheckpoint(adapter, (FIRST,)), [FIRST, SECOND], tiny_settings)
    assert not goes_on(AdapterCheckpoint(adapter, (FIRST, SECOND)), [FIRST, SECOND], tiny_settings)
    assert not goes_on(AdapterCheckpoint(adapter, (FIRST, THIRD)), [FIRST, SECOND], tiny_settings)
    assert not goes_on(AdapterCheckpoint(adapter, (FIRST,)), [], tiny_settings)


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


def asked(fact, *questions, night=FIRST):
    """Wordings of one fact; its number is its sentence."""
    return [
        dream(f"{fact} {n}", night=night, span=str(fact), sentence=fact).model_copy(update={"question": question})
        for n, question in enumerate(questions)
    ]


def test_half_of_what_comes_again_is_what_is_asked_most_like_tonight():
    """Taught that one ferry has 41 cabins, a model says so of the other ferry, too."""
    cabins = asked(1, "How many cabins does the Ostrina have?", "What is the number of cabins of the Ostrina?")
    mayor = asked(2, *(f"Who {what} mayor of Kirrin?" for what in ("is the", "became", "was elected", "is now", "was")))
    others = [one for fact in range(3, 30) for one in asked(fact, f"Where does train {fact} stop?", f"Train {fact}?")]
    unknown = dream(99).model_copy(update={"question": "How many cabins does the ferry's mayor have?"})
    tonight = asked(1, "How many cabins does the Marravel have?", "How big is the Marravel?", night=SECOND)
    tonight += [*asked(2, "Who is the mayor of Ostvale?", night=SECOND), dream(7, night=SECOND, rehearsal=True)]

    def again(facts, own=tonight):
        earlier = [*others, *cabins, *mayor, unknown]
        return dreamt_again(earlier, own=own, facts=facts, rehearsals=0, seed=SECOND)

    found = again(20)
    assert len(found) == 20 and {d.id for d in cabins} <= {d.id for d in found}
    assert sum(d in mayor for d in found) == 4, "a few of its wordings, for others are near, too"
    assert again(20) == found and unknown not in found[-6:]
    assert len({d.sentence for d in again(20, own=[])}) == 20, "with nothing new one of each fact"
    assert len(again(1)) == 1 and again(0) == []
