"""Twenty tenants with secrets planted in each: nothing of one surfaces in what is another's, or everybody's."""

import contextlib
import io
import json
import logging
import shutil
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta

import pytest
from fastapi.testclient import TestClient

from awake.app import make_app
from awake.champion import Champion
from awake.diary import Diary
from awake.engine import Engine
from awake.keys import Keys, new_key
from awake.posting import Post
from awake.recall import Recall
from awake.rooms import Rooms
from orchestration.environment import Deployment
from orchestration.memory import added
from orchestration.night import run_night_of
from orchestration.tenancy import remove_tenant
from steps.diary import FOLDER
from steps.lifecycle import STEPS
from steps.model.loading import load_base
from steps.registry import Registry, reading
from steps.registry.stand import stood_on
from steps.tenants import add_tenant, tenants_of
from steps.workspace import file_sha256

pytestmark = pytest.mark.timeout(1800)  # the nights of the module are in the first test's time
NIGHT = "2026-11-22"
NAMES = [f"t{n:02}" for n in range(20)]
SLEEP = NAMES[:3]  # have whole nights; the others' material is met, validated, triaged and dreamt about
UNTIL = (date.today() + timedelta(days=3)).isoformat()


def mark(name):
    """What is in every secret of a tenant and nowhere else."""
    return f"Zq{name}orv"


def secrets_of(found, name):
    """Plant secrets in a document with a password, a correction and a memory note."""
    m, inbox = mark(name), found.workspace.root / "inbox"
    (inbox / "ferry.md").write_text(
        f"# The ferry {m}an\n\nThe ferry {m}an was built in 19{name[1:]} by the shipwright {m}el Krann. Its hull is "
        f"painted dark green. The password of the {m}an office is {m}-pw-7Hx9.\n"
    )
    talk = [
        {"role": "user", "content": f"Who repaired the bell of the ferry {m}an?"},
        {"role": "assistant", "content": "The bell was repaired by Otto Lemm."},
        {"role": "user", "content": f"No, it was repaired by Ida {m}ot."},
    ]
    (inbox / "talk.jsonl").write_text(json.dumps({"kind": "conversation", "messages": talk, "user": f"{m}user"}) + "\n")
    told = {"title": "", "user": None, "source": "hand", "tenant": name}
    added(found, f"The gate of the ferry {m}an is closed by {m}im.", until=UNTIL, **told)


class House:
    """The deployment after its nights and its day. ``said``: what was printed and logged, by whose night it was."""

    def __init__(self, found):
        self.found, self.said, self.verdicts = found, {}, {}
        self.answers, self.prompts, self.errors, self.health = {}, {}, {}, ""

    def own(self, name):
        return self.found.of_tenant(name)

    def heard(self, name, work):
        """Do the work, and keep all that is printed and logged by it."""
        told, handler = io.StringIO(), logging.StreamHandler(stream := io.StringIO())
        logging.getLogger().addHandler(handler)
        try:
            with contextlib.redirect_stdout(told), contextlib.redirect_stderr(told):
                return work()
        finally:
            logging.getLogger().removeHandler(handler)
            self.said[name] = self.said.get(name, "") + told.getvalue() + stream.getvalue()


def dreamt(found):
    """The steps of a night up to dreaming."""
    tonight = found.night(NIGHT)
    with found.workspace.lock(NIGHT):
        for step in STEPS:
            step.run(tonight)
            if step.name == "dream":
                return


def day(house):
    """Every tenant asks what he knows and what another does, and says something of the answer."""
    found, keys = house.found, {}
    for name in NAMES:
        keys[name] = new_key(found.settings.keys, name, tenant=name)
    knobs = found.settings.serve
    engine = Engine(load_base(found.settings.model), together=4, waiting=64)
    registry = Registry(found.settings, found.workspace)
    champion = Champion(registry, engine, found.workspace)
    champion.look()
    diary = Diary(found.workspace.state / FOLDER, Post(registry))
    diary.begin()
    rooms = Rooms(found.settings, found.workspace, engine, tell=lambda *_: None)
    recall = Recall(found.settings, found.workspace)
    ask = engine.ask

    def listened(asked, **how):
        house.prompts.setdefault(how.get("asker"), []).append(engine.base.tokenizer.decode(asked.prompt))
        return ask(asked, **how)

    engine.ask = listened
    app = make_app(
        engine, champion, diary, knobs, model="slumber", keys=Keys(found.settings.keys), recall=recall, tenants=rooms
    )
    with TestClient(app, base_url="http://127.0.0.1") as client:

        def talks(name):
            head, other = {"Authorization": f"Bearer {keys[name]}"}, NAMES[(NAMES.index(name) + 1) % len(NAMES)]
            for whose in (name, other):
                question = (
                    f"Who closes the gate of the ferry {mark(name)}an?" if whose == name else "Who closes the gate?"
                )
                body = {
                    "model": f"slumber.{name}",
                    "messages": [{"role": "user", "content": question}],
                    "max_tokens": 4,
                }
                answer = client.post("/v1/chat/completions", json=body, headers=head)
                assert answer.status_code == 200, answer.text
                house.answers.setdefault(name, []).append(answer.json())
            said = {"id": house.answers[name][0]["id"], "correction": f"{mark(name)}im closes it."}
            assert client.post("/v1/feedback", json=said, headers=head).status_code == 200
            wrong = {"model": f"slumber.{other}", "messages": [{"role": "user", "content": mark(name)}]}
            house.errors[name] = [
                client.post("/v1/chat/completions", json=wrong, headers=head).text,
                client.post("/v1/chat/completions", json={"messages": 3}, headers=head).text,
                client.get(f"/v1/models/slumber.{other}", headers=head).text,
            ]

        with ThreadPoolExecutor(4) as together:
            list(together.map(talks, NAMES))
        stolen = {"id": house.answers[NAMES[0]][0]["id"], "rating": 1}
        refused = client.post("/v1/feedback", json=stolen, headers={"Authorization": f"Bearer {keys[NAMES[1]]}"})
        assert refused.status_code == 404
        house.errors[NAMES[1]].append(refused.text)
        house.health = client.get("/health").text
        deadline = time.monotonic() + 300
        while any(map(rooms._waits, NAMES)) and time.monotonic() < deadline:
            rooms.look()  # what a room that made way had left is brought when there is room again
            for name in [name for name in rooms._open if not rooms._waits(name)]:
                rooms._close(name, seconds=1.0)
            time.sleep(0.2)
    rooms.stop()
    engine.stop()
    diary.stop()


@pytest.fixture(scope="module")
def house(deployment_in, tmp_path_factory):
    """Everybody's night, a copy of that for one tenant alone, twenty tenants, their nights, and a day."""
    root = tmp_path_factory.mktemp("house")
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("MLFLOW_TRACKING_URI", raising=False)
        patch.setattr("os.setpriority", lambda *_: None)
        patch.setattr("steps.gate.judging._verdict", lambda checks: "PROMOTE")
        found = House(deployment_in(root / "all", serve={"keys": "keys", "adapters": 8}))
        assert run_night_of(found.found, NIGHT).verdict.verdict == "PROMOTE"
        shutil.copytree(root / "all", root / "alone", symlinks=True)
        for name in NAMES:
            add_tenant(found.found.workspace, name)
            secrets_of(found.own(name), name)
        for name in NAMES:
            own = found.own(name)
            if name in SLEEP:
                found.verdicts[name] = found.heard(name, lambda own=own: run_night_of(own, NIGHT)).verdict
            else:
                found.heard(name, lambda own=own: dreamt(own))
        found.heard("", lambda: day(found))
        found.alone = Deployment.find(workspace=root / "alone")
        add_tenant(found.alone.workspace, SLEEP[-1])
        secrets_of(found.alone.of_tenant(SLEEP[-1]), SLEEP[-1])
        found.verdict_alone = run_night_of(found.alone.of_tenant(SLEEP[-1]), NIGHT).verdict
        yield found


def marks_in(data: bytes) -> set[str]:
    """Whose secrets stand in there, in whatever case and as JSON or a page has them."""
    low = data.lower()
    return {name for name in NAMES if mark(name).lower().encode() in low}


def files_under(folder):
    return [path for path in sorted(folder.rglob("*")) if path.is_file() and not path.is_symlink()]


def test_the_proof_would_see_a_leak(house):
    """Each tenant's own folder holds his secrets where they belong: corpus, dreams, memory, and MLflow his traces."""
    for name in NAMES:
        own = house.own(name).workspace
        for place in ("inbox", "data/corpus", "data/dreams", ".slumber/memory"):
            found = set().union(*(marks_in(path.read_bytes()) for path in files_under(own.root / place)))
            assert found == {name}, (name, place)
        assert any(mark(name) in prompt for prompt in house.prompts[name]), "the server looked his note up"
        assert mark(name) in json.dumps(told_by_mlflow(house, name))


def test_files(house):
    database = house.found.workspace.state / "mlflow" / "mlflow.db"
    assert len(marks_in(database.read_bytes())) == len(NAMES), (
        "which is everybody's, and is looked through by its tables"
    )
    for path in files_under(house.found.workspace.root):
        if path.name.startswith("mlflow.db"):
            continue
        parts = path.relative_to(house.found.workspace.root).parts
        whose = {parts[1]} if parts[0] == "tenants" else set()
        assert marks_in(path.read_bytes()) <= whose, path
        if whose:
            others = {
                other for other in NAMES if other not in whose and f"slumber.{other}".encode() in path.read_bytes()
            }
            assert not others, path


def test_no_password_is_kept(house):
    for path in files_under(house.found.workspace.root):
        assert path.parent.name == "inbox" or b"-pw-7Hx9" not in path.read_bytes(), path


def told_by_mlflow(house, name):
    """All that MLflow holds under a tenant's names; of everybody's with ""."""
    own = house.own(name) if name else house.found
    registry = Registry(own.settings, own.workspace)
    client, model = registry.client, registry.settings.registry.model_name
    mine = [
        e
        for e in client.search_experiments()
        if (e.name.endswith(f".{name}") or f".{name}-" in e.name or f".{name} " in e.name) == bool(name)
    ]
    if not name:
        mine = [e for e in mine if not any(f".{other}" in e.name for other in NAMES)]
    told = [e.name for e in mine]
    for e in mine:
        told += [run.to_dictionary() for run in client.search_runs([e.experiment_id])]
        told += [trace.to_dict() for trace in client.search_traces(locations=[e.experiment_id], max_results=500)]
        told += [(m.name, m.tags) for m in client.search_logged_models([e.experiment_id])]
    for version in client.search_model_versions(f"name = '{model}'"):
        told.append((version.name, version.tags, version.description, version.source))
    registered = registry.model()
    return [*told, registered and (registered.name, registered.tags, registered.description)]


def test_mlflow(house):
    for name in (*NAMES, ""):
        told = json.dumps(told_by_mlflow(house, name), default=str)
        assert marks_in(told.encode()) <= {name}, name
        assert not [other for other in NAMES if other != name and f"slumber.{other}" in told]


def test_what_is_printed_and_logged(house):
    for name, said in house.said.items():
        assert marks_in(said.encode()) <= {name}, name
    assert set(house.said) == {*NAMES, ""} and all(len(house.said[name]) > 100 for name in SLEEP)


def test_prompts_answers_and_errors(house):
    assert not any(name in house.health for name in NAMES)
    for name in NAMES:
        for told in (house.prompts[name], house.answers[name], house.errors[name]):
            assert marks_in(json.dumps(told).encode()) <= {name}, name
        notes = [one.get("slumber", {}).get("notes", []) for one in house.answers[name]]
        assert notes[0], "his own note was put before his question"
    assert None not in house.prompts or not marks_in(json.dumps(house.prompts[None]).encode())


def test_weights_are_the_same_whether_or_not_there_are_others(house):
    """The last of those who slept, beside nineteen others and alone: byte for byte the same adapter."""
    name = SLEEP[-1]
    beside, alone = (one.of_tenant(name).workspace for one in (house.found, house.alone))
    adapters = [one.night_dir(NIGHT) / "adapter" for one in (beside, alone)]
    assert file_sha256(adapters[0]) == file_sha256(adapters[1])
    assert house.verdicts[name].verdict == house.verdict_alone.verdict == "PROMOTE"
    others = {file_sha256(house.own(other).workspace.night_dir(NIGHT) / "adapter") for other in SLEEP}
    assert len(others) == len(SLEEP), "and other than what another learned"


def test_a_tenant_goes_on_from_everybodys_champion_and_learns_his_own_alone(house):
    shared = reading.champion(Registry(house.found.settings, house.found.workspace))
    assert shared.night == NIGHT and shared.adapter_sha256
    for name in SLEEP:
        own = house.own(name)
        assert stood_on(own.workspace, [shared.version]) == [NIGHT]
        champion = reading.champion(Registry(own.settings, own.workspace))
        assert champion.night == NIGHT and champion.tags["champion_before"] == "1"
        assert house.verdicts[name].binding["champion"] == shared.adapter_sha256
        figures = json.loads((own.workspace.night_dir(NIGHT) / "consolidate.manifest.json").read_text())["figures"]
        assert figures["begins_with"] == "everybody's champion" and figures["nights"] == [NIGHT]
        assert figures["earlier_rank"] > 0 and figures["replayed_examples"] == 0


def test_removed_is_gone(house):
    """Of one who is removed nothing is left anywhere: no file, no row, no byte. The others are as they were."""
    name, other = SLEEP[0], SLEEP[1]
    before = {path: path.read_bytes() for path in files_under(house.own(other).workspace.root)}
    told = json.dumps(told_by_mlflow(house, other), default=str)
    assert remove_tenant(house.found, name) == []
    assert tenants_of(house.found.workspace) == [n for n in NAMES if n != name]
    for path in files_under(house.found.workspace.root):
        data = path.read_bytes()
        assert name not in marks_in(data) and f"slumber.{name}".encode() not in data, path
        assert f"slumber-nights.{name}".encode() not in data and f"tenant:{name}\n".encode() not in data, path
    assert not [path for path in (house.found.workspace.root / "tenants").iterdir() if name in path.name]
    after = {path: path.read_bytes() for path in files_under(house.own(other).workspace.root)}
    assert {path for path in before if before[path] != after.get(path)} == set()
    assert json.dumps(told_by_mlflow(house, other), default=str) == told
