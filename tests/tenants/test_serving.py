"""Many tenants behind one base: each is answered by his own champion and knows his own answers."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from fastapi.testclient import TestClient

from awake.app import make_app
from awake.asking import Ask, NotAnswered
from awake.champion import Champion
from awake.diary import Diary
from awake.engine import Engine
from awake.entries import Entry
from awake.keys import Keys, Owner, drop_keys, new_key, read_keys
from awake.posting import Post
from awake.rooms import Rooms, TooMany
from awake.server import serve
from steps.consolidate.adapter import load_adapter
from steps.diary import FOLDER
from steps.errors import SlumberError
from steps.model.chat import prompt_tokens
from steps.model.loading import load_base
from steps.model.local import LocalModel
from steps.promote.returning import rollback
from steps.registry import Registry, registration
from steps.registry.lineage import base_identity, opened_registry
from steps.registry.traces import days_of
from steps.tenants import add_tenant, tenant_settings, tenant_workspace
from steps.watch.record import Watched
from tests.awake.adapters import adapter_in
from tests.examined import FIRST, SECOND, slept

pytestmark = pytest.mark.usefixtures("planted_verdicts")
TENANTS = ("acme", "beta", "gamma")
NOBODYS = f"chatcmpl-{'0' * 32}"
QUESTIONS = ["Who built the ferry?", "What colour is its hull?", "Why?"]


class House:
    """A deployment with three tenants, the first two with a champion of their own; and its server."""

    def __init__(self, settings, workspace, folder):
        self.settings, self.workspace, self.folder = settings, workspace, folder
        opened_registry(settings, workspace)
        self.adapters, self.keys = {}, {"": new_key(settings.keys, "everybody")}
        for name in TENANTS:
            add_tenant(workspace, name)
            self.keys[name] = new_key(settings.keys, f"app-of-{name}", tenant=name)
        self.engine = Engine(load_base(settings.model), together=4, waiting=8, of_one=lambda: 4)
        self.champion = Champion(Registry(settings, workspace), self.engine, workspace)
        self.diary = Diary(workspace.state / FOLDER, Post(Registry(settings, workspace)))
        self.diary.begin()
        self.rooms = Rooms(settings, workspace, self.engine, tell=lambda *_: None)

    def own(self, name):
        return tenant_settings(self.settings, self.workspace, name), tenant_workspace(self.workspace, name)

    def night(self, name, date, *, seed):
        """Let a night of a tenant promote an adapter; "" is everybody."""
        settings, workspace = self.own(name) if name else (self.settings, self.workspace)
        registration.ensure_night_zero(Registry(settings, workspace), base=base_identity(settings.model))
        adapter = adapter_in(self.folder / f"{name}-{date}", self.settings, seed=seed)
        assert slept(settings, workspace, night=date, adapter=adapter).promoted
        self.adapters[name] = adapter

    def alone(self, question, name):
        """What an adapter says that nobody shares the machine with."""
        base = load_base(self.settings.model)
        if name in self.adapters:
            load_adapter(base.model, self.adapters[name]).eval()
        (reply,) = LocalModel(base, 2048).generate("a", [[{"role": "user", "content": question}]], max_new_tokens=10)
        return reply.text

    @property
    def client(self):
        app = make_app(
            self.engine,
            self.champion,
            self.diary,
            self.settings.serve,
            model="slumber",
            keys=Keys(self.settings.keys),
            tenants=self.rooms,
        )
        return TestClient(app, base_url="http://127.0.0.1")

    def ask(self, client, name, question=QUESTIONS[0], **more):
        model = f"slumber.{name}" if name else "slumber"
        body = {"model": model, "messages": [{"role": "user", "content": question}], "max_tokens": 10, **more}
        head = {"Authorization": f"Bearer {self.keys[name]}"}
        return client.post("/v1/chat/completions", json=body, headers=head)

    def close(self):
        self.rooms.stop()
        self.engine.stop()
        self.diary.stop()


def said(answer):
    assert answer.status_code == 200, answer.text
    return answer.json()["choices"][0]["message"]["content"]


def settled(house):
    """Wait until all that was said is in MLflow."""
    deadline = time.monotonic() + 60
    while any(house.rooms._waits(name) for name in TENANTS) and time.monotonic() < deadline:
        house.rooms.look()
        time.sleep(0.1)


@pytest.fixture
def house(tiny_settings, workspace, migrated, tmp_path):
    serve = tiny_settings.serve.model_copy(update={"keys": tmp_path / "keys", "adapters": 3})
    found = House(tiny_settings.model_copy(update={"serve": serve}), workspace, tmp_path / "adapters")
    yield found
    found.close()


def test_each_is_answered_by_his_own_champion_however_many_ask_at_once(house):
    for seed, name in enumerate(("acme", "beta"), 1):
        house.night(name, FIRST, seed=seed)
    house.champion.look()
    wanted = {(name, q): house.alone(q, name).strip() for name in (*TENANTS, "") for q in QUESTIONS}
    assert len({wanted[name, QUESTIONS[0]] for name in ("acme", "beta", "")}) == 3, "they say different things"
    assert wanted["gamma", QUESTIONS[0]] == wanted["", QUESTIONS[0]], "who has none is served by everybody's"
    with house.client as client, ThreadPoolExecutor(8) as together:
        asked = [*wanted] * 3
        answers = list(together.map(lambda one: house.ask(client, *one), asked))
    assert [said(a).strip() for a in answers] == [wanted[one] for one in asked], "no answer mixes adapters"
    versions = {name: a.json()["system_fingerprint"] for (name, _), a in zip(asked, answers, strict=True)}
    assert versions == {"acme": "version-acme/2", "beta": "version-beta/2", "gamma": "version-0", "": "version-0"}
    streamed = house.ask(client, "acme", stream=True).text
    assert "version-acme/2" in streamed and "beta" not in streamed


def test_everybodys_new_champion_serves_who_has_none_of_his_own(house):
    house.night("acme", FIRST, seed=1)
    house.night("", FIRST, seed=5)
    house.champion.look()
    with house.client as client:
        before = said(house.ask(client, "acme"))
        assert said(house.ask(client, "gamma")).strip() == house.alone(QUESTIONS[0], "").strip() != before.strip()
        house.night("", SECOND, seed=6)
        house.champion.look()
        assert said(house.ask(client, "acme")) == before
        assert said(house.ask(client, "gamma")).strip() == house.alone(QUESTIONS[0], "").strip()
        settings, workspace = house.own("acme")
        rollback(settings=settings, workspace=workspace, version="1")
        house.rooms.look()
        assert said(house.ask(client, "acme")).strip() == house.alone(QUESTIONS[0], "").strip(), "he stands on it again"


def test_few_adapters_are_loaded_and_who_was_asked_longest_ago_makes_way(house):
    for seed, name in enumerate(TENANTS, 1):
        house.night(name, FIRST, seed=seed)
    house.rooms._most = 2
    wanted = {name: house.alone(QUESTIONS[0], name).strip() for name in TENANTS}
    with house.client as client:
        for name in (*TENANTS, "acme", "gamma", "beta"):
            assert said(house.ask(client, name)).strip() == wanted[name]
            assert list(house.rooms._open)[-1] == name and len(house.rooms._open) <= 2
            deadline = time.monotonic() + 5
            while house.engine.adapters > 2 and time.monotonic() < deadline:
                time.sleep(0.01)
            assert house.engine.adapters <= 2
        house.rooms.enter("acme")
        house.rooms.enter("gamma")
        with pytest.raises(TooMany):
            house.rooms.enter("beta")
        full = house.ask(client, "beta")
        assert full.status_code == 429 and "acme" not in full.text


def test_nobody_reaches_anothers_answers_model_or_diary(house):
    with house.client as client:
        answer = house.ask(client, "acme", "My cat is called Zorvath.").json()

        def feedback(name, id):
            head = {"Authorization": f"Bearer {house.keys[name]}"}
            return client.post("/v1/feedback", json={"id": id, "correction": "It was Vundle."}, headers=head)

        house.rooms.look()
        mine, anothers, nobodys = (
            feedback(*one) for one in (("acme", answer["id"]), ("beta", answer["id"]), ("beta", NOBODYS))
        )
        assert mine.status_code == 200 and feedback("", answer["id"]).status_code == 404
        assert anothers.status_code == nobodys.status_code == 404
        assert anothers.json()["error"]["code"] == nobodys.json()["error"]["code"]
        assert anothers.text.replace(answer["id"], NOBODYS) == nobodys.text, "refused like an unknown one"

        head = {"Authorization": f"Bearer {house.keys['beta']}"}
        assert [m["id"] for m in client.get("/v1/models", headers=head).json()["data"]] == ["slumber.beta"]
        for name in ("slumber.acme", "slumber"):
            assert client.get(f"/v1/models/{name}", headers=head).status_code == 404
            body = {"model": name, "messages": [{"role": "user", "content": "x"}]}
            assert client.post("/v1/chat/completions", json=body, headers=head).status_code == 404
        told = client.get("/health").text
        assert not any(name in told for name in TENANTS)
        settled(house)
    house.rooms.stop()
    house.diary.stop()
    traces = {}
    for name in (*TENANTS, ""):
        registry = Registry(*(house.own(name) if name else (house.settings, house.workspace)))
        experiment = registry.client.get_experiment_by_name(days_of(registry))
        where = [experiment.experiment_id] if experiment else []
        traces[name] = registry.client.search_traces(locations=where) if where else []
    assert {name: len(found) for name, found in traces.items()} == {"acme": 1, "beta": 0, "gamma": 0, "": 0}
    assert [a.expectation.value for a in traces["acme"][0].info.assessments] == ["It was Vundle."]


def test_what_was_said_in_a_room_that_made_way_is_brought_all_the_same(house):
    with house.client as client:
        assert house.ask(client, "acme").status_code == 200
        room = house.rooms._open["acme"]
        house.rooms._close("acme", seconds=0.0)
        deadline = time.monotonic() + 60
        while room.diary.at_work and time.monotonic() < deadline:
            time.sleep(0.05)
        left = room.diary._folder
        late = [path for path in left.iterdir() if not path.name.startswith(".")]
        if not late:  # it was quicker: as if it had not been
            room.diary.write(Entry("exchange", exchange_of("Who?")))
        assert house.rooms._waits("acme") and "acme" not in house.rooms._open
        settled(house)
    assert not house.rooms._waits("acme") and "acme" in house.rooms._open


def exchange_of(question):
    now = time.time_ns()
    said = {"messages": [{"role": "user", "content": question}], "reply": {"role": "assistant", "content": "Nobody."}}
    return {"id": NOBODYS, "began_ns": now, "ended_ns": now, "tenant": "acme", "version": "0", **said}


def test_a_key_of_a_tenant_who_is_gone_opens_nothing(house):
    place = tenant_workspace(house.workspace, "acme").root
    with house.client as client:
        assert house.ask(client, "acme").status_code == 200
        place.rename(place.with_name(".gone"))
        refused = house.ask(client, "acme")
        assert refused.status_code == 401, "and everybody's champion least of all"
        house.rooms.look()
        assert "acme" not in house.rooms._open and not place.exists()
    app = make_app(
        house.engine, house.champion, house.diary, house.settings.serve, model="slumber", keys=Keys(house.settings.keys)
    )
    with TestClient(app, base_url="http://127.0.0.1") as without:
        assert house.ask(without, "beta").status_code == 401, "a server without tenants lets none of them in"


def test_a_tenant_who_is_added_again_has_a_room_of_his_own(house):
    place = tenant_workspace(house.workspace, "acme").root
    with house.client as client:
        assert house.ask(client, "acme").status_code == 200
        before = house.rooms._open["acme"]
        place.rename(place.with_name(".gone"))
        add_tenant(house.workspace, "acme")
        assert before.gone, "what is answered in it still is not written down for the new one"
        deadline = time.monotonic() + 60
        while (again := house.ask(client, "acme")).status_code == 503 and time.monotonic() < deadline:
            time.sleep(0.05)  # until the old diary has ended: two would bring what the new one says
        assert again.status_code == 200
        assert house.rooms._open["acme"] is not before and not house.rooms._open["acme"].gone


def test_why_a_room_does_not_open_is_told_to_who_runs_the_server_alone(house, monkeypatch):
    said = []
    monkeypatch.setattr(house.rooms, "_say", said.append)
    monkeypatch.setattr(
        "awake.room.Recall", lambda _, workspace: (_ for _ in ()).throw(SlumberError(f"{workspace.root} is damaged."))
    )
    with house.client as client:
        refused = [house.ask(client, "acme") for _ in range(2)]
    assert {one.status_code for one in refused} == {503}
    assert str(house.workspace.root) not in refused[0].text and "try again" in refused[0].text
    assert said == [f"acme: {tenant_workspace(house.workspace, 'acme').root} is damaged."]


@pytest.mark.parametrize("where", ["recall", "watch"])
def test_whatever_is_wrong_in_a_room_is_counted_and_told_once_to_who_runs_the_server(house, monkeypatch, where):
    said = []
    with house.client as client:
        assert house.ask(client, "acme").status_code == 200
        house.rooms.look()
        monkeypatch.setattr(house.rooms, "_say", said.append)
        room = house.rooms._open["acme"]
        if where == "recall":
            room.recall.problem = "It is damaged."
        else:
            room.watch.watched = Watched(
                version="2", night="2026-01-01", before="1", share=1.0, problem="It is damaged."
            )
            monkeypatch.setattr(room.watch, "look", lambda *_, **__: None)
        assert "1 of 1 tenants" in house.rooms.problem
        for _ in range(2):
            house.rooms.look()
    assert said == ["acme: It is damaged."]


def test_the_first_tenant_may_come_while_the_server_runs(tiny_settings, workspace, monkeypatch):
    class Noted(Exception):
        pass

    def engine(*_, of_one, **known):
        raise Noted(of_one)

    monkeypatch.setattr("awake.server.Engine", engine)
    with pytest.raises(Noted) as made:
        serve(tiny_settings, workspace, say=print)
    (of_one,) = made.value.args
    assert of_one() is None
    add_tenant(workspace, "acme")
    assert of_one() == tiny_settings.serve.queue // 2


def test_a_flood_of_one_tenant_leaves_the_others_their_turns(house):
    """Simulated: one asks a dozen long questions at once, another one short one."""
    prompt = tuple(prompt_tokens(house.engine.base.tokenizer, QUESTIONS[0]))
    flood, refused = [], 0
    for _ in range(12):
        try:
            flood.append(house.engine.ask(Ask(prompt, 120), asker="acme"))
        except NotAnswered as error:
            refused += error.status == 429
    assert refused >= 3
    other = house.engine.ask(Ask(prompt, 5), asker="beta")
    done = []

    def wait(answer):
        "".join(answer.pieces(seconds=60))
        done.append(answer)

    threads = [threading.Thread(target=wait, args=(answer,)) for answer in [*flood, other]]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert done.index(other) <= 4, "at most those that ran already came before"


def test_keys_name_their_tenants(tmp_path):
    path = tmp_path / "keys"
    new_key(path, "plain")
    of_acme = new_key(path, "one", tenant="acme")
    new_key(path, "two", tenant="acme")
    assert Keys(path).owner(of_acme) == Owner("one", "acme")
    assert {owner.tenant for owner in read_keys(path)} == {None, "acme"}
    again = new_key(path, "one")
    assert Keys(path).owner(of_acme) == Owner("one", "acme") and Keys(path).owner(again) == Owner("one")
    assert drop_keys(path, "acme") == ["one", "two"] and [o.name for o in read_keys(path)] == ["plain", "one"]
