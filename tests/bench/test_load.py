"""The load benchmark: its figures, and a run of seconds on the tiny model, with its swaps, its peer and its night."""

import json
import os
import subprocess
import sys
from importlib.util import find_spec
from types import SimpleNamespace

import pytest

from bench.load.figures import of_memory, of_requests
from steps.settings import REPOSITORY

# Looked for and not imported: it patches threads and sockets of the process.
pytestmark = pytest.mark.skipif(find_spec("locust") is None, reason="needs the extra bench")


def met(start, seconds, text="a", *, prompt="q", versions=("version-2",), **more):
    return {"start": start, "seconds": seconds, "text": text, "prompt": prompt, "tokens": 8} | {
        "versions": list(versions),
        **more,
    }


def test_seconds_are_of_whole_answers_and_turns_are_added():
    found = of_requests([[met(0, 2), met(1, 4)], [met(100, 5)]])
    assert (found["requests"], found["lost"], found["p50"]) == (3, 0, 4)
    assert found["requests_per_second"] == pytest.approx(3 / 10), "what lies between two turns is no time of theirs"
    assert found["tokens_per_second"] == pytest.approx(24 / 10)


def test_what_was_lost_and_what_two_versions_answered_is_counted():
    lost = {"start": 1, "seconds": 9, "prompt": "q", "lost": "ConnectionError"}
    mixed = met(2, 1, "ab", versions=("version-2", "version-3"))
    found = of_requests([[met(0, 1), lost, mixed, met(3, 1, "b"), met(4, 1, "c", versions=["version-3"])]])
    assert (found["requests"], found["lost"], found["by_two_versions"]) == (5, 1, 1)
    assert found["prompts_answered_in_two_ways"] == 1, "version 2 said a and b; that version 3 says c is no fault"


def test_nothing_answered_has_no_times():
    found = of_requests([[{"start": 1, "seconds": 9, "prompt": "q", "lost": "HTTPError"}]])
    assert (found["lost"], found["p95"], found["tokens_per_answer"]) == (1, None, None)


def test_memory_that_swings_is_flat_and_memory_that_stays_is_not():
    swings = of_memory([(second, 900.0 + 100 * (second % 30 > 10)) for second in range(300)])
    assert (swings["lowest_at_first"], swings["lowest_at_last"], swings["highest"]) == (900, 900, 1000)
    grows = of_memory([(second, 1000 + second / 60) for second in range(300)])
    assert grows["slope"] == pytest.approx(1)
    assert grows["lowest_at_last"] - grows["lowest_at_first"] == pytest.approx(200 / 60)
    assert of_memory([(1, 900.0)])["slope"] is None


def test_a_stream_that_is_cut_off_is_lost():
    """In a process of its own: locust patches the sockets of the one that imports it."""
    code = (
        "import json; from types import SimpleNamespace as S; from bench.load.users import _streamed\n"
        "event = lambda **c: b'data: ' + json.dumps({'system_fingerprint': 'v', 'choices': [c]}).encode()\n"
        "said, end = event(delta={'content': 'a'}), event(delta={}, finish_reason='length')\n"
        "print(_streamed(S(iter_lines=lambda: [said, end, b'data: [DONE]']), since=0)['text'])\n"
        "try: _streamed(S(iter_lines=lambda: [said]), since=0)\n"
        "except ValueError as error: print(error)\n"
    )
    told = {**os.environ, "PYTHONPATH": str(REPOSITORY)}
    done = subprocess.run([sys.executable, "-c", code], env=told, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == ["a", "the stream was cut off"]


@pytest.mark.timeout(1200)  # three servers and a night are started: a minute or two, where nobody else wants the cores
def test_a_run_of_seconds_loses_nothing(tmp_path):
    told = {**os.environ, "PYTHONPATH": str(REPOSITORY), "OMP_NUM_THREADS": "1"}
    seconds = ["--minutes", "0.3", "--night-minutes", "0.1", "--users", "3", "--tokens", "8"]
    command = [sys.executable, "-m", "bench", "load", "--model", "tiny", *seconds, "--out", str(tmp_path)]
    done = subprocess.run(command, env=told, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    found = json.loads((tmp_path / "load.json").read_text())
    ours, peer, night = (SimpleNamespace(**found[name]) for name in ("slumber", "peer", "night"))
    assert (ours.lost, ours.by_two_versions, ours.prompts_answered_in_two_ways, peer.lost) == (0, 0, 0, 0)
    assert [swap["version"] for swap in found["swaps"]] == ["3", "4"]
    assert set(ours.versions) >= {"version-3"} and ours.requests >= 10 and 0 < ours.p50 <= ours.p95
    assert peer.requests_per_second > 0 and found["memory"]["lowest_at_last"] > 0
    assert night.nice == [10] and night.idle["requests"] and night.training["lost"] == 0
    assert (tmp_path / "load.png").is_file() and "transformers serve" in done.stdout
