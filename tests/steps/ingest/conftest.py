"""An inbox of one file, read."""

import json
import os

import pytest

from steps.ingest.readers import read_found
from steps.ingest.walking import look_at_inbox


@pytest.fixture
def read(tmp_path):
    """Return what reads one file: a text as it is, a list as lines if the file is called so, else a value as JSON."""

    def read(content, name="day.jsonl"):
        folder = tmp_path / "one"
        folder.mkdir(exist_ok=True)
        path = folder / name
        if isinstance(content, list) and name.endswith(".jsonl"):
            content = "".join(json.dumps(line) + "\n" for line in content)
        path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
        os.utime(path, (1, 1))
        found = [record for item in look_at_inbox(folder, max_bytes=10**8) for record in read_found(item)]
        path.unlink()
        return found

    return read
