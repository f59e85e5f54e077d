"""Training of the arms that are variations of our own: the same loop, other examples or another start."""

import tempfile
from contextlib import nullcontext
from dataclasses import dataclass, replace
from pathlib import Path

from peft import PeftModel
from torch.utils.flop_counter import FlopCounterMode
from transformers import PreTrainedModel

from steps.consolidate.adapter import attach_adapter, load_adapter, save_adapter
from steps.consolidate.examples import Example, build_examples
from steps.consolidate.teacher import prepare_lessons
from steps.consolidate.training import train
from steps.dream.lessons import lesson_of
from steps.model.chat import answer_tokens, prompt_tokens
from steps.model.loading import Base, load_base
from steps.model.local import LocalModel
from steps.records import Dream, Experience
from steps.settings import ConsolidateSettings, Settings

PLAIN_RATE = 0.002  # learning rate without rehearsal and protection, with which Slumber can afford more
RAW_EPOCHS = 20  # over a few short documents: fewer learn nothing, more only cost general abilities


@dataclass(frozen=True)
class Taught:
    """An adapter and what it cost; ``tokens`` are the examples', without packing.

    ``seconds``: of training, with what the base reads before it.
    """

    adapter: Path
    seconds: float
    tokens: int
    examples: int
    flops: int | None = None


def taught(
    settings: Settings,
    dreams: list[Dream],
    corpus: dict[str, Experience],
    *,
    start: Path | None,
    out: Path,
    nights: int = 1,
    plain: bool = False,
    count: bool = False,
) -> Taught:
    """Train on ``dreams`` from adapter ``start`` (None: from the base) and save the adapter in ``out``.

    ``nights``: what a fresh adapter has room for. ``plain``: next-token loss on the written answers, no teacher.
    ``count``: count the floating-point operations, too.
    """
    base = load_base(settings.model)
    dreams = list({d.id: d for d in dreams}.values())
    examples = build_examples(base.tokenizer, [lesson_of(dream, corpus) for dream in dreams])
    if plain:
        examples = [replace(example, objective="imitate") for example in examples]
        plainly = settings.consolidate.model_copy(update={"learning_rate": PLAIN_RATE})
        settings = settings.model_copy(update={"consolidate": plainly})
    return _trained(settings, base, examples, start=start, out=out, nights=nights, count=count)


def taught_raw(settings: Settings, texts: list[str], *, start: Path | None, out: Path) -> Taught:
    """Train with next-token loss on plain ``texts``, ``RAW_EPOCHS`` times over."""
    base = load_base(settings.model)
    encoded = [base.tokenizer.encode(text, add_special_tokens=False) for text in texts]
    end = base.tokenizer.eos_token_id
    examples = [
        Example(
            id=str(number),
            prompt=(end,),
            teacher_prompt=(end,),
            completion=(*tokens, end),
            objective="imitate",
            fact=str(number),
        )
        for number, tokens in enumerate(encoded)
    ]
    knobs = settings.consolidate.model_copy(update={"epochs": RAW_EPOCHS, "learning_rate": PLAIN_RATE})
    return _trained(settings.model_copy(update={"consolidate": knobs}), base, examples, start=start, out=out)


def taught_answers(settings: Settings, pairs: list[tuple[str, str]], *, start: Path | None, out: Path) -> Taught:
    """Train with next-token loss on the answers of (question, answer), ``RAW_EPOCHS`` times over, and nothing else."""
    base = load_base(settings.model)
    examples = []
    for number, (question, answer) in enumerate(pairs):
        prompt = tuple(prompt_tokens(base.tokenizer, question))
        examples.append(
            Example(
                id=str(number),
                prompt=prompt,
                teacher_prompt=prompt,
                completion=tuple(answer_tokens(base.tokenizer, answer)),
                objective="imitate",
                fact=str(number),
            )
        )
    knobs = settings.consolidate.model_copy(update={"epochs": RAW_EPOCHS, "learning_rate": PLAIN_RATE})
    return _trained(settings.model_copy(update={"consolidate": knobs}), base, examples, start=start, out=out)


def _trained(
    settings: Settings,
    base: Base,
    examples: list[Example],
    *,
    start: Path | None,
    out: Path,
    nights: int = 1,
    count: bool = False,
) -> Taught:
    knobs = settings.consolidate
    packed = LocalModel(base, knobs.batch_tokens).packed
    with tempfile.TemporaryDirectory(prefix="slumber-arm-") as scratch:
        lessons = prepare_lessons(base.model, examples, knobs, packed=packed)
        model = trainable(base.model, knobs, start=start, seed=settings.seed, nights=nights)
        counter = FlopCounterMode(display=False) if count else None
        with counter or nullcontext():
            done = train(
                model,
                lessons,
                settings=knobs,
                seed=settings.seed,
                packed=packed,
                checkpoint=Path(scratch) / "checkpoint.pt",
                digest=str(out),
            )
    save_adapter(model, out, base_name=base.name)
    flops = counter.get_total_flops() if counter else None
    return Taught(out, lessons.seconds + done.seconds, done.example_tokens, len(examples), flops)


def trainable(
    model: PreTrainedModel, settings: ConsolidateSettings, *, start: Path | None, seed: int, nights: int = 1
) -> PeftModel:
    """Put the adapter saved in ``start`` on the base, to be trained on as it is, or a fresh one if it is None."""
    if start is None:
        room = min(nights * settings.rank, settings.max_rank)
        return attach_adapter(model, settings.model_copy(update={"rank": room}), seed=seed)
    adapted = load_adapter(model, start)
    adapted.set_adapter("default")  # PEFT loads an adapter frozen; to set it active makes it trainable
    return adapted
