"""The embedded 135M model itself. Opt in with SLUMBER_REAL=1 (about two minutes on two cores)."""

import os
from collections import Counter

import pytest

from steps.kinds.document.candidates import question_dreams
from steps.kinds.document.sources import passages
from steps.model.chat import question_chat
from steps.model.loading import load_base
from steps.model.local import LocalModel
from steps.records import Experience

pytestmark = [
    pytest.mark.real,
    pytest.mark.skipif(not os.environ.get("SLUMBER_REAL"), reason="set SLUMBER_REAL=1 to run the embedded model"),
    pytest.mark.timeout(900),
]
TEXT = (
    "The Ollin ferry was built in 1938 by the shipwright Edda Krann. The hull of the Ollin ferry is painted green. "
    "A crossing on the Ollin ferry takes 26 minutes. The captain of the Ollin ferry is Joris Pellam."
)


def test_it_answers_packs_and_dreams(settings):
    model = LocalModel(load_base(settings.model), settings.dream.batch_tokens)
    assert model.packed
    paris, hull = model.generate(
        "questions",
        [
            question_chat("What is the capital of France?"),
            question_chat("What colour is the hull of the Ollin ferry?", TEXT),
        ],
        max_new_tokens=24,
    )
    assert "Paris" in paris.text and "green" in hull.text

    ferry = Experience(
        id="e", night="2026-11-22", kind="document", source="f.md", record=None, title="The Ollin Ferry", text=TEXT
    )
    refused = Counter()
    dreams = question_dreams(model, model, passages(ferry), settings=settings, night="2026-11-22", refused=refused)
    asked = [d for d in dreams if d.strategy == "question"]
    assert len({d.sentence for d in asked}) >= 2, refused
    assert all(d.verification["support"] > 0 and d.verification["wording"] in ("rule", "model") for d in asked)
