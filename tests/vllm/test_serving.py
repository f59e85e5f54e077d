"""A vLLM server follows the champion: new names, no answer by two versions, and what it refuses does not serve.

The server is a stand-in (``tests/vllm/contract.py``); a real one has not answered here.
"""

import time

import pytest

from awake.admission import BASE
from awake.asking import Ask, NotAnswered
from awake.champion import Champion
from awake.engine import Engine
from awake.server import engine_of
from awake.vllm import VllmEngine, serve_command
from steps.errors import SlumberError
from steps.model.chat import prompt_tokens
from steps.model.loading import load_base
from steps.registry import Registry
from steps.settings import ServeSettings
from tests.awake.adapters import adapter_in
from tests.examined import FIRST, SECOND, slept
from tests.vllm.contract import serving

pytestmark = pytest.mark.usefixtures("planted_verdicts")
QUESTIONS = ["Who built the ferry?", "What colour is its hull?", "Why?"]


@pytest.fixture
def server(tiny_settings):
    with serving(tiny_settings.model) as found:
        yield found


class Day:
    """An engine before a vLLM server, and who looks after it."""

    def __init__(self, settings, workspace, server, folder):
        self.knobs = settings.serve.model_copy(update={"vllm": server.url, "together": 3, "queue": 8, "seconds": 20.0})
        self.settings, self.workspace = settings.model_copy(update={"serve": self.knobs}), workspace
        self.server, self.folder = server, folder
        self.engine = engine_of(self.settings, workspace, of_one=lambda: None)
        self.champion = Champion(Registry(settings, workspace), self.engine, workspace)

    def night(self, date, *, seed, **knobs):
        settings = self.settings.model_copy(update={"consolidate": self.settings.consolidate.model_copy(update=knobs)})
        adapter = adapter_in(self.folder / date, settings, seed=seed)
        assert slept(self.settings, self.workspace, night=date, adapter=adapter).promoted

    def ask(self, question=QUESTIONS[0], **how):
        prompt = tuple(prompt_tokens(self.engine.tokenizer, question))
        return self.engine.ask(Ask(prompt, **{"max_new_tokens": 12, **how}))

    def says(self, question=QUESTIONS[0], **how):
        answer = self.ask(question, **how)
        return "".join(answer.pieces(seconds=30)), answer.version

    def until(self, true):
        end = time.monotonic() + 60
        while not true() and time.monotonic() < end:
            time.sleep(0.01)
        assert true()


@pytest.fixture
def day(tiny_settings, workspace, registry, server, tmp_path):
    found = Day(tiny_settings, workspace, server, tmp_path)
    yield found
    server.gate.set()
    found.engine.stop()


def test_it_says_what_our_own_engine_says(day):
    ours = Engine(load_base(day.settings.model), together=3, waiting=8)
    adapter = adapter_in(day.folder / "a", day.settings, seed=1)
    for engine in (ours, day.engine):
        engine.load_version("7", adapter)
    asks = [Ask(tuple(prompt_tokens(day.engine.tokenizer, q)), 12, stop=s) for q in QUESTIONS for s in ((), ("e",))]
    for version in (BASE, "7"):
        said = [[engine.ask(ask, version=version) for ask in asks] for engine in (ours, day.engine)]
        texts = [["".join(one.pieces(seconds=30)) for one in answers] for answers in said]
        assert texts[0] == texts[1] and any(texts[0])
        assert [a.reason for a in said[0]] == [a.reason for a in said[1]]
        assert [a.tokens for a in said[0]] == [a.tokens for a in said[1]]
    ours.stop()


def test_a_new_champion_has_a_new_name_and_the_old_one_ends_what_it_began(day, server):
    day.night(FIRST, seed=1)
    assert day.champion.look().problem is None and day.champion.serving.version == "2"
    (first,) = server.loras
    server.gate.clear()
    begun = day.ask(max_new_tokens=8)
    day.until(lambda: len(begun.tokens) == 1)
    day.engine.load_version("3", adapter_in(day.folder / SECOND, day.settings, seed=2))
    day.engine.switch("3")
    after = day.ask(max_new_tokens=8)
    day.until(lambda: len(after.tokens) == 1)
    assert set(server.loras) > {first} and len(server.loras) == 2, "it answers still"
    server.gate.set()
    assert "".join(begun.pieces(seconds=30)) and "".join(after.pieces(seconds=30))
    assert (begun.version, after.version) == ("2", "3")
    day.until(lambda: len(server.loras) == 1)
    (second,) = server.loras
    assert second != first and second.startswith("slumber-3-") and first.startswith("slumber-2-")
    assert [body["model"] for body in server.asked("/v1/completions")][-2:] == [first, second]
    day.until(lambda: [path.name for path in (day.workspace.state / "vllm").iterdir()] == [second])


def test_what_vllm_refuses_leaves_the_old_one_serving(day, server):
    day.night(FIRST, seed=1)
    day.champion.look()
    said = day.says()
    day.night(SECOND, seed=2, rank=16)
    serving = day.champion.look()
    assert serving.version == "2" and "LoRA rank 16 is greater than max_lora_rank 8" in serving.problem
    assert day.says() == said and len(server.loras) == 1
    tries = len(server.asked("/v1/load_lora_adapter"))
    day.champion.look()
    assert len(server.asked("/v1/load_lora_adapter")) == tries, "no better for being tried again"


def test_a_vllm_that_was_started_anew_gets_its_adapters_back(day, server):
    day.night(FIRST, seed=1)
    day.champion.look()
    said = day.says()
    server.loras.clear()
    assert day.says() == said and len(server.loras) == 1


def test_a_vllm_that_is_away_is_told_and_asked_again(day, tiny_settings, server):
    day.night(FIRST, seed=1)
    assert day.engine.problem is None
    server.healthy = False
    assert "its /health says 503" in day.engine.problem
    port = server.server_port
    server.close()
    assert "cannot be reached" in day.engine.problem and "cannot be reached" in day.champion.look().problem
    with pytest.raises(NotAnswered, match="does not answer") as error:
        day.says()
    assert error.value.status == 503
    with serving(tiny_settings.model, port):
        assert (day.champion.look().problem, day.champion.serving.version) == (None, "2")
        assert day.says()[1] == "2"
        day.engine.stop()


def test_who_leaves_is_not_written_for(day, server):
    server.gate.clear()
    answer = day.ask(max_new_tokens=120)
    day.until(lambda: answer.tokens)
    answer.leave()
    server.gate.set()
    day.until(lambda: server.left == ["base"])
    assert day.engine.load == (0, 0)


def test_a_prompt_that_vllm_cannot_read_is_refused_and_a_long_answer_shortened(day, server):
    server.max_model_len = 64
    engine = VllmEngine(day.settings, day.folder / "v", load_base(day.settings.model).folder)
    answer = engine.ask(Ask(tuple(range(3, 60)), 12))
    list(answer.pieces(seconds=30))
    assert len(answer.tokens) <= 64 - 57
    with pytest.raises(NotAnswered, match="vLLM reads 64") as error:
        list(engine.ask(Ask(tuple(range(3, 67)), 12)).pieces(seconds=30))
    assert error.value.status == 400
    engine.stop()


def test_another_server_is_refused_in_a_sentence(day, server, monkeypatch):
    def refused(match):
        with pytest.raises(SlumberError, match=match) as error:
            VllmEngine(day.settings, day.folder / "v", load_base(day.settings.model).folder)
        assert "\n" not in str(error.value)

    server.updating = False
    refused("loads no adapters while it runs: start it with `VLLM_ALLOW_RUNTIME_LORA_UPDATING=True vllm serve")
    server.updating, server.root = True, "/another/base"
    refused("serves /another/base, not ")
    server.root, server.key = day.settings.model.base, "k-1"
    refused("set VLLM_API_KEY")
    monkeypatch.setenv("VLLM_API_KEY", "k-1")
    VllmEngine(day.settings, day.folder / "v", load_base(day.settings.model).folder).stop()
    server.close()
    refused("No vLLM answers at")


def test_what_an_earlier_run_left_is_cleared(day, server):
    left = adapter_in(day.workspace.state / "vllm" / "slumber-9-old", day.settings, seed=3)
    server.loras |= {"slumber-9-old": str(left), "somebody-elses": "/elsewhere"}
    again = engine_of(day.settings, day.workspace, of_one=lambda: None)
    assert list(server.loras) == ["somebody-elses"] and not left.exists()
    again.stop()


def test_the_setting_is_an_address():
    assert ServeSettings(vllm="http://127.0.0.1:8001/v1").vllm
    with pytest.raises(ValueError, match="vllm"):
        ServeSettings(vllm="127.0.0.1:8001")


def test_the_command(day):
    port = day.server.server_port
    assert serve_command(day.settings, day.folder) == (
        f"VLLM_ALLOW_RUNTIME_LORA_UPDATING=True vllm serve {day.folder} --host 127.0.0.1 --port {port} "
        "--enable-lora --max-lora-rank 128 --max-loras 2 --max-cpu-loras 8"
    )


def test_adapters_that_vllm_does_not_take_are_told_before_anything_starts(day):
    large = day.settings.model_copy(
        update={"consolidate": day.settings.consolidate.model_copy(update={"max_rank": 600})}
    )
    with pytest.raises(SlumberError, match="max_rank is 600, and vLLM takes adapters of rank 512 at most: lower it"):
        serve_command(large, day.folder)


def test_a_server_that_says_nothing_for_ever_keeps_nobody_out(day, server):
    server.mute = True
    asked = [day.ask(question) for question in QUESTIONS]
    day.until(lambda: len(server.asked("/v1/completions")) == len(asked))
    for answer in asked:
        answer.cancelled.set()
    day.until(lambda: day.engine.load[0] == 0)
    server.mute = False
    assert day.says()[0]


@pytest.mark.parametrize("cards", [None, ["base"], [{}], "base", [{"id": "base", "max_model_len": "long"}]])
def test_a_server_whose_models_are_none_is_told(tiny_settings, workspace, server, monkeypatch, tmp_path, cards):
    monkeypatch.setattr(server, "cards", lambda: cards)
    knobs = tiny_settings.serve.model_copy(update={"vllm": server.url})
    with pytest.raises(SlumberError, match="vLLM"):
        engine_of(tiny_settings.model_copy(update={"serve": knobs}), workspace, of_one=lambda: None)
