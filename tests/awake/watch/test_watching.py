"""A fresh champion is watched from promotion to its end, whatever happens on the way."""

import io
import shutil

import pytest
from rich.console import Console
from typer.testing import CliRunner

from awake.watch.watching import Watch
from orchestration.cli import app
from orchestration.environment import Deployment
from orchestration.status import status_table
from steps.errors import SlumberError
from steps.night import Night, Told
from steps.promote.returning import apply_decisions, rollback
from steps.registry import Registry, RegistryUnreachable, reading, withdrawal
from steps.registry.gateway import Registry as Gateway
from steps.registry.lineage import served_before
from steps.watch.record import read_watch, watch_file
from tests.awake.watch.test_comparing import sessions
from tests.examined import FIRST, SECOND, THIRD, slept

pytestmark = pytest.mark.usefixtures("planted_verdicts")

GOOD, FAILING = sessions(40, 5, name="good"), sessions(8, 40, name="failing")


class Server:
    """Stands for a server: who serves, what its clock says, and what people said of each version."""

    def __init__(self, settings, workspace, *, share=1.0):
        serve = settings.serve.model_copy(update={"canary_share": share})
        self.settings = settings.model_copy(update={"serve": serve})
        self.workspace, self.registry = workspace, Registry(settings, workspace)
        self.clock, self.said, self.broken = 0.0, [], None
        self.start()

    def start(self):
        self.watch = Watch(
            self.registry,
            self.settings,
            self.workspace,
            tell=lambda says, watched: self.said.append(says),
            clock=lambda: self.clock,
        )

    def bring(self, version):
        if self.broken:
            raise SlumberError(self.broken)

    def look(self, *, seconds=60.0, serving=None):
        champion = self.champion
        self.beside = self.watch.beside(champion)
        self.clock += seconds
        self.watch.look(self.bring, serving=serving or champion.version)
        return self.watch.watched

    @property
    def champion(self):
        return reading.champion(self.registry)

    def text(self):
        console = Console(file=io.StringIO(), width=300)
        console.print(status_table(Deployment(self.settings, self.workspace, self.workspace.root)))
        return console.file.getvalue()


@pytest.fixture
def people(monkeypatch):
    """What people said of each version, as it is read from MLflow; by number, "0" is the base."""
    said = {}
    monkeypatch.setattr("awake.watch.watching.sessions_of", lambda registry, number: said.get(number, []))
    return said


@pytest.fixture(scope="module")
def kept(tmp_path_factory):
    """Workspaces after so many nights, made once and copied: to register a night takes seconds."""
    return {}, tmp_path_factory


@pytest.fixture
def after_nights(settings, workspace, kept, request):
    """Return a function that brings the workspace to where so many nights were promoted."""
    made, places = kept

    def bring(number):
        if number not in made:
            request.getfixturevalue("registry")
            for night in (FIRST, SECOND)[:number]:
                slept(settings, workspace, night=night)
            made[number] = places.mktemp("nights") / "workspace"
            shutil.copytree(workspace.root, made[number])
        else:
            shutil.copytree(made[number], workspace.root, dirs_exist_ok=True)

    return bring


@pytest.fixture
def server(settings, workspace, after_nights):
    """Two nights were promoted: version 3 is fresh, 2 was before it."""
    after_nights(2)
    return Server(settings, workspace)


def test_a_champion_that_fails_its_users_goes_back_by_itself(server, people):
    assert server.look().state == "watching" and server.said == [] and "watch" in server.text()
    people.update({"2": GOOD, "3": FAILING})
    watched = server.look()
    assert watched.state == "withdrawn" and server.champion.version == "2"
    assert len(server.said) == 1 and "Version 3" in server.said[0] and "people are served worse" in server.said[0]
    entry = reading.trail(server.registry)[-1]
    assert (entry.action, entry.version, entry.before, entry.after) == ("withdraw", "3", "3", "2")
    assert entry.author == "morning watch" and "points" in entry.reason
    gone = reading.version(server.registry, "3")
    assert gone.withdrawn_at and gone.tags["rolled_back_at"] and "Withdrawn" in gone.description
    assert server.look().state == "withdrawn" and len(server.said) == 1, "it is over"
    assert "held" in server.text()


def test_who_came_after_what_had_to_be_forgotten_is_not_watched(server, people):
    """There is no version to go back to: what served before is erased."""
    server.registry.tag(reading.version(server.registry, "2"), must_forget="request")
    people.update({"2": GOOD, "3": FAILING})
    assert server.look() is None and server.look() is None and server.champion.version == "3"


def test_it_does_not_come_back_by_itself_and_its_lessons_are_held(server, people, settings, workspace):
    people.update({"2": GOOD, "3": FAILING})
    server.look(), server.look()
    with pytest.raises(SlumberError, match="which the morning watch withdrew"):
        rollback(settings=settings, workspace=workspace)
    assert apply_decisions(settings=settings, workspace=workspace) == []
    assert served_before(server.registry, THIRD).version == "2"
    assert withdrawal.held_nights(server.registry) == (SECOND,)
    rollback(settings=settings, workspace=workspace, version="3")  # a person's word
    assert server.champion.version == "3" and withdrawal.held_nights(server.registry) == ()
    assert server.look().state == "withdrawn" and server.champion.version == "3", "and it is not watched again"


def test_held_lessons_are_released_by_a_person(server, people, workspace):
    people.update({"2": GOOD, "3": FAILING})
    server.look(), server.look()

    def slumber(*arguments):
        return CliRunner().invoke(app, ["watch", *arguments, "--workspace", str(workspace.root)])

    shown = slumber()
    assert shown.exit_code == 0 and "withdrawn" in shown.output and f"lessons of {SECOND} are held" in shown.output
    assert slumber("--release", "3").exit_code == 2, "who decides goes on record"
    assert slumber("--release", "2", "--by", "Ada").exit_code == 2
    assert slumber("--release", "3", "--by", "Ada").exit_code == 0
    assert withdrawal.held(server.registry) == []
    assert (reading.trail(server.registry)[-1].action, reading.trail(server.registry)[-1].author) == ("release", "Ada")


def test_a_night_does_not_learn_what_is_held(workspace, settings):
    from steps.consolidate.nightly import _learnable
    from steps.workspace import write_records

    for night in (FIRST, SECOND, THIRD):
        write_records(workspace.dataset("dreams", night), [])
    tonight = Night.of(settings, workspace, THIRD, lineage=Told(holds=(SECOND,)))
    assert _learnable(tonight) == [FIRST, THIRD]
    assert _learnable(Night.of(settings, workspace, THIRD, lineage=Told())) == [FIRST, SECOND, THIRD]


def test_one_that_is_as_good_answers_everybody_in_the_end(server, people):
    people.update({"2": GOOD, "3": GOOD})
    server.look()
    for _ in range(23):
        assert server.look(seconds=3600).state == "watching"
    watched = server.look(seconds=3600)
    assert watched.state == "passed" and server.champion.version == "3"
    assert server.said == ["Version 3 answers everybody: no loss in 45 rated sessions of 24 hours."]
    assert "Morning watch" in reading.version(server.registry, "3").description
    people["3"] = FAILING
    assert server.look().state == "passed", "the watch has ended"


def test_too_few_sessions_prove_nothing_and_that_is_said(server, people):
    people.update({"2": GOOD, "3": FAILING[-5:]})
    server.look()
    assert server.look(seconds=25 * 3600).state == "unproven"
    assert "Nothing was proven: 5 rated sessions count" in server.said[0]


def test_with_mlflow_away_nothing_is_decided_and_no_time_passes(server, people, monkeypatch):
    people.update({"2": GOOD, "3": GOOD})
    server.look()

    def away(registry, number):
        raise RegistryUnreachable("The registry cannot be reached.")

    with monkeypatch.context() as patch:
        patch.setattr("awake.watch.watching.sessions_of", away)
        watched = server.look(seconds=100 * 3600)
        assert watched.state == "watching" and watched.seconds == 0 and "cannot be reached" in watched.problem
        assert server.watch.told()["problem"] == watched.problem
    assert server.look(seconds=3600).seconds == 3600 and server.watch.watched.problem is None


def test_the_time_of_day_may_jump(server, people, monkeypatch):
    """Only a clock that nobody sets counts; what it says is no date."""
    people.update({"2": GOOD, "3": GOOD})
    server.look()
    for jump in (10**9, -(10**9)):
        monkeypatch.setattr("time.time", lambda jump=jump: 1_800_000_000 + jump)
        assert server.look(seconds=600).state == "watching"
    assert server.watch.watched.seconds == 1200


def test_a_server_that_starts_again_goes_on(server, people):
    people.update({"2": GOOD, "3": GOOD})
    server.look(), server.look(seconds=10 * 3600)
    server.start()
    server.clock = 5.0  # of another machine's start
    assert server.look().seconds == 10 * 3600 and server.look(seconds=14 * 3600).state == "passed"
    watch_file(server.workspace).write_text("{damaged")
    server.start()
    assert server.look().seconds == 0, "it begins anew"


def test_while_another_version_serves_no_time_passes(server, people):
    server.look()
    people.update({"2": GOOD, "3": FAILING})
    assert server.look(seconds=3600, serving="2").state == "watching" and server.watch.watched.seconds == 0


@pytest.mark.parametrize("after", (0, 1, 2, 6, 7, 9, 10, 11))
def test_killed_in_the_middle_of_going_back(server, people, monkeypatch, settings, workspace, after):
    """Whatever write was the last: the next server, or the next night, finishes what the audit trail says."""
    server.look()
    people.update({"2": GOOD, "3": FAILING})
    left = {"writes": after}

    def dying(name):
        write = getattr(Gateway, name)

        def call(self, *arguments, **named):
            if left["writes"] == 0:
                raise SystemExit("killed")
            left["writes"] -= 1
            return write(self, *arguments, **named)

        return call

    with monkeypatch.context() as patch:
        for name in ("enter", "set_alias", "tag", "untag"):
            patch.setattr(Gateway, name, dying(name))
        with pytest.raises(SystemExit):
            server.look()
    if after % 2:
        apply_decisions(settings=settings, workspace=workspace)
    server.start()
    server.look(), server.look()
    gone = reading.version(server.registry, "3")
    assert server.champion.version == "2" and gone.withdrawn_at and gone.held_nights == [SECOND]
    assert "rolled_back_at" in gone.tags and server.registry.aliases()["previous"] == "3"
    assert [e.action for e in reading.trail(server.registry)].count("withdraw") == 1
    assert read_watch(workspace).state == "withdrawn"


def test_a_version_before_that_does_not_load_leaves_the_champion_and_says_so(server, people):
    server.look()
    people.update({"2": GOOD, "3": FAILING})
    server.broken = "the adapter cannot be loaded"
    watched = server.look()
    assert watched.state == "stuck" and server.champion.version == "3" and "cannot be loaded" in watched.problem
    server.look()
    assert len(server.said) == 1, "said once"
    server.broken = None
    assert server.look().state == "withdrawn" and server.champion.version == "2"


def test_what_a_person_let_serve_is_not_watched(server, people, settings, workspace):
    people.update({"2": FAILING, "3": GOOD})
    rollback(settings=settings, workspace=workspace, version="2")
    server.look(), server.look()
    assert server.champion.version == "2" and server.watch.watched is None


def test_a_newer_champion_takes_the_watch_over(server, people, settings, workspace):
    people.update({"2": GOOD, "3": FAILING[:3]})
    server.look()
    slept(settings, workspace, night=THIRD)
    watched = server.look()
    assert (watched.version, watched.before, watched.state) == ("4", "3", "watching")


def test_the_base_is_what_was_before_the_first_night(settings, workspace, people, after_nights):
    after_nights(1)
    server = Server(settings, workspace)
    assert server.look().before == "1"
    people.update({"0": GOOD, "2": FAILING})
    assert server.look().state == "withdrawn"
    assert server.champion.is_night_zero


def test_a_share_leaves_the_others_to_the_version_before(settings, workspace, people, after_nights):
    after_nights(2)
    server = Server(settings, workspace, share=0.25)
    server.look()
    assert server.beside.version == "2"
    people.update({"2": GOOD, "3": GOOD})
    server.look(seconds=25 * 3600)
    server.look()
    assert server.beside is None, "after the watch it answers all"


def test_no_hours_are_no_watch(server, settings, workspace, people):
    people.update({"2": GOOD, "3": FAILING})
    watch = settings.watch.model_copy(update={"hours": 0.0})
    off = Server(settings.model_copy(update={"watch": watch}), workspace)
    off.look()
    assert off.look() is None and off.champion.version == "3"
