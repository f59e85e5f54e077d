"""A model's night on the first day of the stream: dreamt, trained and examined, with the seconds of each.

What a night does besides (files are read and checked, versions registered) needs no GPU, and libraries that the
machine of this script lacks.
"""

import json
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import torch

from bench.stream import INVENTED
from bench.training import taught
from steps.anchors import read_anchors
from steps.consolidate.adapter import load_adapter
from steps.dream.rehearsal import rehearsal_dream, write_rehearsal
from steps.examine.asking import ask_anchors
from steps.examine.predictions import PredictionCache
from steps.kinds.kind import Dreaming
from steps.kinds.table import KINDS
from steps.marking import right
from steps.model.chat import question_chat
from steps.model.loading import load_base
from steps.model.local import LocalModel
from steps.records import Experience
from steps.settings import Settings

_NIGHT = "2000-01-01"
T = TypeVar("T")


def measure_night(settings: Settings, folder: Path, device: torch.device) -> dict[str, Any]:
    """Return the seconds of each part, and how many probes are answered closed book before and after."""
    model = settings.model.model_copy(update={"device": device.type})
    settings = settings.model_copy(update={"model": model})
    pages = [_page(path) for path in sorted((INVENTED / "night-1").glob("*.md"))]
    lines = (INVENTED / "night-1" / "probes.jsonl").read_text(encoding="utf-8").splitlines()
    probes = [json.loads(line) for line in lines if line]
    seconds: dict[str, float] = {}
    asked = LocalModel(load_base(model), settings.dream.batch_tokens)

    def clocked(what: str, work: Callable[[], T]) -> T:
        start = time.perf_counter()
        found = work()
        seconds[what] = time.perf_counter() - start
        return found

    def dreamt() -> list[Any]:
        dreaming = Dreaming(_NIGHT, settings, asked, asked, Counter())
        knobs, avoided = settings.dream, set[str]()
        how: dict[str, Any] = {"temperature": knobs.temperature, "top_k": knobs.top_k, "seed": 0, "forbidden": avoided}
        written = write_rehearsal(asked, knobs.rehearsals, **how)
        return [*KINDS["document"].lessons(pages, dreaming), *(rehearsal_dream(_NIGHT, *one) for one in written)]

    before = clocked("examining the base", lambda: _examined(asked, probes, settings, folder / "base"))
    dreams = clocked("dreaming", dreamt)
    corpus, out = {page.id: page for page in pages}, folder / "adapter"
    clocked("training", lambda: taught(settings, dreams, corpus, start=None, out=out))
    base = load_base(model)
    load_adapter(base.model, out).eval()
    candidate = LocalModel(base, settings.examine.batch_tokens)
    after = clocked("examining the candidate", lambda: _examined(candidate, probes, settings, folder / "candidate"))
    return {
        "seconds": seconds,
        "all": sum(seconds.values()),
        "dreams": len(dreams),
        "probes": len(probes),
        "right_before": before,
        "right_after": after,
    }


def _examined(model: LocalModel, probes: list[dict[str, Any]], settings: Settings, folder: Path) -> int:
    limit = settings.examine.max_new_tokens
    replies = model.generate("probes", [question_chat(p["question"]) for p in probes], max_new_tokens=limit)
    cache = PredictionCache(folder, "anchors")
    ask_anchors(model, read_anchors(settings.anchors), cache=cache, who="a model", max_new_tokens=limit)
    return sum(right(reply.text, tuple(p["answers"])) for reply, p in zip(replies, probes, strict=True))


def _page(path: Path) -> Experience:
    text = path.read_text(encoding="utf-8")
    title, _, body = text.removeprefix("# ").partition("\n")
    known: dict[str, Any] = {"night": _NIGHT, "kind": "document", "record": None, "payload": {}}
    return Experience(id=path.stem, source=path.name, title=title.strip(), text=body.strip(), **known)
