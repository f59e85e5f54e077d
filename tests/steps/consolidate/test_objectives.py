"""Lessons of every objective are learned in one training; preferences as the paper has them."""

import math

import pytest
import torch
from peft import PeftModel
from torch.nn import functional as F

from steps.consolidate.adapter import attach_adapter
from steps.consolidate.examples import build_examples
from steps.consolidate.objectives.table import OBJECTIVES, check_lessons
from steps.consolidate.teacher import prepare_lessons
from steps.consolidate.training import train
from steps.errors import SlumberError
from steps.kinds.preference import BETA
from steps.lesson import Lesson
from steps.model.chat import answer_tokens, prompt_tokens, question_chat
from steps.model.loading import load_base
from steps.settings import ModelSettings

ASKED, GOOD, BAD = "How do you greet the crew?", "Good morning, all of you.", "Go away, all of you."


def lesson(objective, question, completion, **more):
    chat = tuple(question_chat(question))
    return Lesson(id=question, night="n", objective=objective, messages=chat, completion=completion, **more)


LESSONS = [
    lesson("imitate", "What does the bell mean?", "It is time to eat."),
    lesson("prefer", ASKED, GOOD, rejected=BAD),
    lesson("like", "Who rings it?", "The mate rings it."),
    lesson("dislike", "Who paints it?", "Nobody knows that."),
    lesson("keep", "Why is the sky blue?", "Because of light.", rehearsal=True),
    lesson("distill", "Where is the hull?", "Below.", informed=tuple(question_chat("Where?", "The hull is below."))),
]


@pytest.fixture
def learn(tiny_model, tiny_settings, tmp_path):
    """Return a function that learns lessons and gives (training, model, tokenizer)."""

    def go(lessons, *, packed=True, **knobs):
        known = {"epochs": 12, "rank": 4, "dropout": 0.0, "learning_rate": 0.01, "ridge": 0.0, "frozen_fraction": 0.0}
        settings = tiny_settings.consolidate.model_copy(update={**known, **knobs})
        base = load_base(ModelSettings(base=str(tiny_model), device="cpu", dtype="float32", threads=1))
        examples = build_examples(base.tokenizer, lessons)
        read = prepare_lessons(base.model, examples, settings, packed=packed)
        model = attach_adapter(base.model, settings, seed=7)
        where = {"checkpoint": tmp_path / "c", "digest": f"{packed} {known | knobs}"}
        done = train(model, read, settings=settings, seed=7, packed=packed, **where)
        return done, model, base.tokenizer

    return go


def log_probability(model, tokenizer, question, answer):
    """Of a whole turn, by a plain pass."""
    prompt, completion = prompt_tokens(tokenizer, question), answer_tokens(tokenizer, answer)
    with torch.no_grad():
        logits = model(torch.tensor([prompt + completion])).logits[0].float().log_softmax(-1)
    return sum(logits[len(prompt) + n - 1, token].item() for n, token in enumerate(completion))


def with_and_without(model: PeftModel, tokenizer, question, answer):
    with model.disable_adapter():
        before = log_probability(model, tokenizer, question, answer)
    return before, log_probability(model, tokenizer, question, answer)


@pytest.mark.parametrize("packed", [True, False])
def test_one_training_learns_lessons_of_every_objective(learn, packed):
    assert {one.objective for one in LESSONS} == set(OBJECTIVES)
    done, model, tokenizer = learn(LESSONS, packed=packed)
    assert done.losses[-1] < 0.8 * done.losses[0]
    before, after = with_and_without(model, tokenizer, "What does the bell mean?", "It is time to eat.")
    assert after > before + 5, "imitated"
    good, bad = (with_and_without(model, tokenizer, ASKED, said) for said in (GOOD, BAD))
    assert (good[1] - good[0]) - (bad[1] - bad[0]) > 5, "preferred"
    before, after = with_and_without(model, tokenizer, "Who rings it?", "The mate rings it.")
    assert after > before + 1, "liked"
    before, after = with_and_without(model, tokenizer, "Who paints it?", "Nobody knows that.")
    assert after < before - 1, "disliked"


def test_a_preference_costs_what_the_paper_says(learn):
    done, model, tokenizer = learn(LESSONS[1:2], epochs=2, learning_rate=0.003, warmup=0.0)
    assert done.losses[0] == pytest.approx(-F.logsigmoid(torch.tensor(0.0)).item()), "nothing is learned yet"
    one_step, model, tokenizer = learn(LESSONS[1:2], epochs=1, learning_rate=0.003, warmup=0.0)
    good, bad = (with_and_without(model, tokenizer, ASKED, said) for said in (GOOD, BAD))
    margin = (good[1] - good[0]) - (bad[1] - bad[0])
    assert len(one_step.losses) == 1 and margin > 0
    assert done.losses[1] == pytest.approx(-F.logsigmoid(torch.tensor(BETA * margin)).item(), rel=1e-3)


LONG = "Good morning, all of you, and may the wind be with us today and tomorrow and on every other day."
PAIRS = [lesson("prefer", ASKED, LONG, rejected="Hm."), lesson("prefer", "Who rings it?", "Me.", rejected=LONG)]
RATINGS = [lesson("like", ASKED, LONG), lesson("dislike", "Who rings it?", "Me."), lesson("like", "Where?", "Below.")]


@pytest.mark.parametrize("packed", [True, False])
@pytest.mark.parametrize("lessons", [PAIRS, RATINGS], ids=["pairs", "ratings"])
def test_each_pair_and_each_rating_counts_alike_however_long(learn, lessons, packed):
    knobs = {"packed": packed, "learning_rate": 0.003, "warmup": 0.0, "batch_tokens": 10_000}
    done = learn(lessons, epochs=2, **knobs)[0]
    one_step, model, tokenizer = learn(lessons, epochs=1, **knobs)
    losses = []
    for one in lessons:
        asked = one.messages[0]["content"]
        sides = [with_and_without(model, tokenizer, asked, said) for said in (one.completion, one.rejected) if said]
        gain, *other = (now - before for before, now in sides)
        sign = -1.0 if one.objective == "dislike" else 1.0
        losses.append(1 - sigmoid(sign * gain) if not other else -math.log(sigmoid(gain - other[0])))
    assert len(one_step.losses) == 1 and len({round(loss, 2) for loss in losses}) > 1, losses
    assert done.losses[1] == pytest.approx(sum(losses) / len(losses), rel=1e-3)


def sigmoid(margin):
    return 1 / (1 + math.exp(-BETA * margin))


def test_packing_changes_nothing(learn):
    losses = [learn(LESSONS, packed=packed, epochs=1, batch_tokens=10_000)[0].losses for packed in (True, False)]
    assert losses[0] == pytest.approx(losses[1], rel=1e-3)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (lesson("imitate", ASKED, GOOD, rejected=BAD), "wants no rejected answer"),
        (lesson("prefer", ASKED, GOOD), "wants a rejected answer to compare with"),
        (lesson("admire", ASKED, GOOD), "there are distill, imitate, keep, prefer, like, dislike"),
    ],
)
def test_a_lesson_that_its_objective_cannot_learn_is_refused_before_anything_is_loaded(wrong, said):
    check_lessons(LESSONS)
    with pytest.raises(SlumberError, match=said):
        check_lessons([*LESSONS, wrong])
