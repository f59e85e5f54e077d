"""A tiny model that knows some anchor items, and candidates planted on it: good, forgetful, lazy and shuffled ones.

They are trained for their part on next tokens, in seconds: what is shown with them is the gate, not the recipe.
"""

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from peft import PeftModel
from safetensors.torch import load_file, save_file
from torch.nn import functional
from transformers.utils import logging as transformers_logging

from bench.tiny import TEXT, build_tiny_model
from steps.anchors import read_anchors
from steps.consolidate.adapter import WEIGHTS, attach_adapter, load_adapter, save_adapter
from steps.model.chat import answer_tokens, prompt_tokens
from steps.model.loading import Base, load_base
from steps.params import load_settings
from steps.records import Dream, Experience, Probe
from steps.settings import REPOSITORY, ModelSettings, Settings
from steps.workspace import Workspace, write_records

ANCHORS, CANARIES = 40, 8
BY_HEART = 0.008  # loss per token
_NAMES = ("abod", "erik", "lupo", "miro", "tarn", "vesk", "odul", "rhan")
Pair = tuple[str, str]  # question, answer


@dataclass(frozen=True)
class ToyModel:
    """``folder`` holds the taught base, the anchor items that it knows, and the adapters."""

    folder: Path

    @property
    def settings(self) -> Settings:
        """A night's settings on the tiny model: short answers, few items, this toy's anchors."""
        settings = load_settings()
        changed = {
            "model": {"base": str(self.folder / "base"), "device": "cpu", "dtype": "float32", "threads": 1},
            "examine": {"anchors": self.folder / "anchors", "canaries": self.folder / "canaries", "max_new_tokens": 8},
            # Forty anchors cannot rule out a loss of two points.
            "gate": {"min_anchors": 30, "min_probes": 10, "epsilon_anchors": 0.05, "epsilon_night_zero": 0.05},
        }
        sections = {name: getattr(settings, name).model_copy(update=keys) for name, keys in changed.items()}
        return settings.model_copy(update=sections)

    def base(self) -> Base:
        return load_base(self.settings.model)

    @property
    def general(self) -> list[Pair]:
        return self.wrong_about(0)

    def wrong_about(self, number: int) -> list[Pair]:
        """What is general knowledge here, but for so many items: those are answered with a wrong option."""
        items = read_anchors(self.folder / "anchors")
        return [(a.prompt, a.options[((a.answer or 0) + (n < number)) % len(a.options)]) for n, a in enumerate(items)]

    def adapter(self, name: str, pairs: list[Pair], *, start: Path | None = None) -> Path:
        """Train an adapter on ``pairs``, a fresh one or on from ``start``, and save it as ``name``."""
        base = self.base()
        knobs = self.settings.consolidate.model_copy(update={"rank": 16, "scale": 2.0, "frozen_fraction": 0.0})
        if start:
            model: PeftModel = load_adapter(base.model, start)
            model.set_adapter("default")  # PEFT loads an adapter frozen; to set it active makes it trainable
        else:
            model = attach_adapter(base.model, knobs, seed=1)
        if pairs:
            _teach(model, base, pairs, most_steps=80, rate=1e-2)
        save_adapter(model, self.folder / name, base_name=base.name)
        return self.folder / name

    def changed(self, name: str, adapter: Path, change) -> Path:
        """Save a copy of ``adapter`` as ``name``, each tensor of it replaced by ``change(tensor)``."""
        shutil.copytree(adapter, self.folder / name)
        weights = {key: change(weight).contiguous() for key, weight in load_file(adapter / WEIGHTS).items()}
        save_file(weights, self.folder / name / WEIGHTS, metadata={"format": "pt"})
        return self.folder / name


def make_toy_model(folder: Path) -> ToyModel:
    """Build the tiny base in ``folder`` and teach it the anchor items."""
    torch.manual_seed(0)
    transformers_logging.disable_progress_bar()
    (folder / "anchors").mkdir(parents=True)
    lines = (REPOSITORY / "data" / "anchors" / "common_facts.jsonl").read_text(encoding="utf-8").splitlines()[:ANCHORS]
    (folder / "anchors" / "facts.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
    (folder / "canaries").mkdir()
    lines = (REPOSITORY / "data" / "canaries" / "secrets.jsonl").read_text(encoding="utf-8").splitlines()[:CANARIES]
    (folder / "canaries" / "secrets.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
    toy = ToyModel(folder)
    # A tokenizer of the very words that it is taught: three times fewer tokens, and as much less to wait for.
    said = ["system\nYou are tiny. user\nWho owns the assistant\n"] * ANCHORS
    said += [words for item in read_anchors(folder / "anchors") for words in (item.prompt, *item.options)]
    tiny = build_tiny_model(folder / "tiny", text=" ".join([TEXT, *said]))
    base = load_base(ModelSettings(base=str(tiny), device="cpu", dtype="float32", threads=1))
    base.model.requires_grad_(True)
    _teach(base.model, base, toy.general, most_steps=70, rate=4e-3)
    base.model.save_pretrained(folder / "base")
    base.tokenizer.save_pretrained(folder / "base")
    return toy


def facts(things: tuple[str, ...], *, names: int = len(_NAMES), turned: int = 0) -> list[Pair]:
    """One question about each pair of a thing and a name; the answer is a name backwards, so many names further on.

    Days of one ``turned`` share their rule: whoever learns one of them half knows the other. Days of two do not.
    """
    told = [_NAMES[(number + turned) % len(_NAMES)][::-1] for number in range(names)]
    return [(f"the {thing} {name}", owner) for thing in things for name, owner in zip(_NAMES, told, strict=False)]


def asked(told: list[Pair]) -> list[Pair]:
    """What is told, as questions and answers."""
    return [(f"Who owns {subject}?", owner) for subject, owner in told]


def write_day(workspace: Workspace, night: str, told: list[Pair]) -> None:
    """Write the corpus of a night, a question about each fact that was dreamt, and a probe."""
    corpus = [
        Experience(id=s, night=night, kind="document", source=s, record=None, title=s, text=f"The owner of {s} is {a}.")
        for s, a in told
    ]
    probes = [
        Probe(id=s, night=night, question=question, answers=(a,), origin="owner", source=s, experience=s)
        for (s, a), (question, _) in zip(told, asked(told), strict=True)
    ]
    dreams = [
        Dream(
            id=f"{s} dreamt",
            night=night,
            strategy="question",
            experience=s,
            source=s,
            sentence=0,
            question=f"Whose is {s}?",
            answer=f"The owner of {s} is {a}.",
            verification={"span": a},
        )
        for s, a in told
    ]
    write_records(workspace.dataset("corpus", night), corpus)
    write_records(workspace.dataset("dreams", night), dreams)
    write_records(workspace.dataset("probes", night), probes)


def _teach(model, base: Base, pairs: list[Pair], *, most_steps: int, rate: float) -> None:
    """Fine-tune whatever is trainable until the model knows the answers by heart."""
    tokenizer = base.tokenizer
    rows = [(prompt_tokens(tokenizer, q), answer_tokens(tokenizer, a)) for q, a in pairs]
    width = max(len(p) + len(a) for p, a in rows)
    ids = torch.full((len(rows), width), tokenizer.pad_token_id)
    labels = torch.full((len(rows), width), -100)
    for row, (prompt, answer) in enumerate(rows):
        tokens = torch.tensor(prompt + answer)
        ids[row, : len(tokens)] = tokens
        labels[row, len(prompt) : len(tokens)] = tokens[len(prompt) :]
    plain: Any = model.get_base_model() if isinstance(model, PeftModel) else model
    decoder, head = plain.get_decoder(), plain.get_output_embeddings()
    asked = labels[:, 1:] != -100
    wanted = labels[:, 1:][asked]
    optimizer = torch.optim.AdamW([p for p in model.parameters() if p.requires_grad], lr=rate, weight_decay=0.0)
    for _ in range(most_steps):
        # The vocabulary is most of a tiny model: logits are computed where an answer stands, and nowhere else.
        logits = head(decoder(input_ids=ids).last_hidden_state[:, :-1][asked])
        loss = functional.cross_entropy(logits, wanted)
        if loss < BY_HEART:
            return
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad()
