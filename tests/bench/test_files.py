"""BFCL's file system as a world, a tiny one in its place: calls are read, not run; mistakes are made on a copy."""

import pytest

from bench.files.measuring import experiences, held
from bench.files.playing import episode, read_call
from steps.kinds.trace.principles import principles


class Folders:
    """Folders of one level, with files."""

    def _load_scenario(self, scenario):
        self.folders, self.here = scenario["root"], None

    def cd(self, folder):
        if folder not in self.folders:
            return {"error": f"cd: {folder}: No such directory"}
        self.here = folder
        return {"current_working_directory": folder}

    def cat(self, file_name):
        if file_name not in self.folders.get(self.here, ()):
            return {"error": f"cat: '{file_name}': No such file or directory"}
        return {"file_content": "x"}


def task(number, folder, name):
    asked = [[{"role": "user", "content": f"Show {name}."}], [{"role": "user", "content": "Post it."}]]
    config = {"GorillaFileSystem": {"root": {folder: [name]}}}
    gold = [[f"cd(folder='{folder}')", f"cat('{name}')"], ["post_tweet(content='x')"]]
    return {"id": str(number), "question": asked, "initial_config": config}, gold


@pytest.mark.parametrize("text", ["__init__()", "_load_scenario({})", "rm('x')", "1 + 1", "cd(", "print('x')"])
def test_what_is_no_call_of_the_world_is_none(text):
    assert read_call(text, Folders) is None


def test_arguments_are_literals_by_name():
    assert read_call("cat('a b.txt')", Folders) == ("cat", {"file_name": "a b.txt"})
    with pytest.raises(ValueError, match="malformed"):
        read_call("cat(open('x'))", Folders)


def test_gold_paths_with_mistakes_make_one_principle_that_holds_for_tasks_not_seen():
    names = [("docs", "a.txt"), ("archive", "log.md"), ("temp", "plan.csv"), ("data", "notes.txt")]
    rows = [episode(*task(n, *names[n]), Folders) for n in range(4)]
    assert [m["content"] for m in rows[0]["messages"] if m["role"] == "user"] == ["Show a.txt."], "no other world"
    assert '"error"' in rows[0]["messages"][2]["content"] and '"docs/a.txt"' in str(rows[0]["messages"][1])
    (one,) = principles(experiences(rows[:2]))
    assert one.act == "cd(folder=<tried>)" and one.traces == 2
    found = held(principles(experiences(rows[:2])), experiences(rows[2:]))
    assert (found.situations, found.same, found.other) == (2, 2, 0)
