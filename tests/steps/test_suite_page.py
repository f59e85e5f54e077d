"""The lines of docs/gate.md are items of a suite of one's own."""

import re

import pytest

from steps.anchors import read_anchors
from steps.canaries import read_canaries
from steps.settings import REPOSITORY


@pytest.mark.parametrize("number, read", [(0, read_anchors), (1, read_canaries)], ids=["anchors", "canaries"])
def test_the_page_shows_items(number, read, tmp_path):
    blocks = re.findall(r"```json\n(.*?)```", (REPOSITORY / "docs" / "gate.md").read_text(), re.DOTALL)
    assert len(blocks) == 2
    (tmp_path / "own.jsonl").write_text(blocks[number])
    assert len(read(tmp_path)) == 2
