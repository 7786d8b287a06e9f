"""What is live changes by `publish` and `rollback` alone, and only to what has passed; no engine runs here but where one is named."""

from __future__ import annotations

import asyncio
import errno
import fcntl
import io
import json
import threading
from pathlib import Path

import pytest
from cli_kit import FakeEngine, Quietline
from short_prompts import short_prompts

from engine.cli.place import Place, place_of
from engine.cli.publish import for_the_next_start
from engine.cli.watch import take
from engine.config import load_files
from engine.core.do import plain
from engine.core.event import Event
from engine.core.interpreter import replay
from engine.release.gate import Passed, tried
from engine.release.live import known_releases
from engine.release.shelf import Shelf
from engine.store.ledger import open_ledger

SITE = """
languages: [en]
prompts: ../prompts
numbers: { "100": line }
sites:
  here: { timezone: UTC, open: "Mon-Sun 00:00-24:00" }
"""
LINE = """
flow: line
steps:
  greeting:
    - menu: main_menu
      choices: { 1: support, 2: message }
      timeout: 5s
      otherwise: support
  support:
    - hangup: goodbye
  message:
    - voicemail: office
    - hangup: message_thanks
"""
CASE = """
cases:
  leaves_a_message: { flow: line, inputs: 2 left, ends: completed }
"""


class Folder:
    """A site's folder that is edited, and the state it is published on."""

    def __init__(self, folder: Path, quietline: Quietline) -> None:
        short_prompts(folder / "prompts")
        (folder / "site" / "tests").mkdir(parents=True)
        (folder / "site" / "site.yaml").write_text(SITE)
        (folder / "site" / "line.yaml").write_text(LINE)
        self.site, self.state, self._quietline = folder / "site", folder / "state", quietline

    def __call__(self, *words: object) -> str:
        """Say a command that must do."""
        said = self._quietline(*words, "--state", self.state)
        assert said.status == 0, said
        return said.out

    def refused(self, *words: object) -> str:
        """Say a command that must not."""
        said = self._quietline(*words, "--state", self.state)
        assert said.status == 1, said
        return said.err

    def publish(self, *words: object) -> str:
        """Publish the folder."""
        return self("publish", "--site", self.site, *words)

    def edit(self, name: str, old: str, new: str) -> None:
        """Change a file of the site."""
        path = self.site / name
        text = path.read_text()
        assert old in text
        path.write_text(text.replace(old, new))

    @property
    def history(self) -> list[dict[str, object]]:
        """Every release, the oldest first."""
        return [json.loads(line) for line in reversed(self("history", "--json").splitlines())]


@pytest.fixture
def folder(tmp_path: Path, quietline: Quietline) -> Folder:
    """A good site, nothing published."""
    return Folder(tmp_path, quietline)


@pytest.mark.parametrize("words", [("publish",), ("publish", "--dry-run")])
def test_what_is_saved_while_a_folder_is_tried_is_not_published_untried(
    folder: Folder, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...]
) -> None:
    def tried_and_edited(site: Path) -> Passed:
        passed = tried(site)
        folder.edit("line.yaml", "timeout: 5s", "timeout: 6s")
        return passed

    monkeypatch.setattr("engine.cli.publish.tried", tried_and_edited)
    assert "was changed while it was tried" in folder.refused(*words, "--site", folder.site)
    assert "nothing has been published" in folder.refused("history")


def test_a_release_is_numbered_and_says_who_when_why_and_what(folder: Folder) -> None:
    said = folder.publish("--by", "mila", "--why", "opening day")
    assert said.startswith("Release 1 is what the next `quietline up` starts with: all of it; ")
    folder.edit("line.yaml", "timeout: 5s", "timeout: 6s")
    assert "line.yaml (step " in folder.publish("--by", "ivan")
    first, second = folder.history
    assert (first["number"], first["by"], first["why"], first["came_from"]) == (
        1,
        "mila",
        "opening day",
        None,
    )
    assert (second["number"], second["by"], second["came_from"], second["kept"]) == (2, "ivan", 1, True)
    shown = folder("history").splitlines()
    assert shown[1].split()[0] == "2" and "line.yaml" in shown[1] and "opening day" in shown[2]


def test_a_release_that_an_engine_wrote_down_as_it_died_is_not_written_down_again(folder: Folder) -> None:
    folder.publish()
    (known,) = asyncio.run(known_releases(folder.state))
    assert for_the_next_start(place_of(folder.state), known) == known
    assert len(folder.history) == 1


def test_the_same_site_is_not_published_twice(folder: Folder) -> None:
    folder.publish()
    assert folder.publish() == "Nothing has changed since release 1, which is live.\n"
    assert len(folder.history) == 1


def test_what_check_or_a_case_finds_is_never_live(folder: Folder) -> None:
    folder.publish()
    folder.edit("line.yaml", "otherwise:", "otherwize:")
    report = folder.refused("publish", "--site", folder.site)
    assert "site/line.yaml:" in report and "did you mean" in report
    folder.edit("line.yaml", "otherwize:", "otherwise:")
    (folder.site / "tests" / "line.yaml").write_text(CASE)
    said = folder.refused("publish", "--site", folder.site)
    assert (
        "tests/line.yaml:3:" in said and "error[case-failed]" in said and said.endswith("1 case: 1 failed.\n")
    )
    assert len(folder.history) == 1


def test_a_dry_run_tells_what_would_change_and_changes_nothing(folder: Folder) -> None:
    folder.publish()
    folder.edit("line.yaml", "timeout: 5s", "timeout: 6s")
    assert folder.publish("--dry-run").startswith("It could be published: line.yaml (step")
    assert len(folder.history) == 1


def test_rollback_goes_back_one_release_after_the_other_and_leaves_the_folder(folder: Folder) -> None:
    for timeout in (5, 6, 7):
        folder.edit("line.yaml", f"timeout: {max(5, timeout - 1)}s", f"timeout: {timeout}s")
        folder.publish()
    said = folder("rollback", "--by", "mila")
    assert "Release 4 is what the next" in said and "release 2 of" in said and "is as it was" in said
    assert "timeout: 7s" in (folder.site / "line.yaml").read_text()
    assert "release 1 of" in folder("rollback")
    assert folder.refused("rollback").startswith("quietline: there is no release to go back to")
    assert [one["back_to"] for one in folder.history] == [None, None, None, 2, 1]
    assert "release 3 of" in folder("rollback", "3")
    assert folder.refused("rollback", "9") == "quietline: there is no release 9: there are 1 to 6\n"


def test_rollback_never_comes_to_a_release_that_was_gone_back_from(folder: Folder) -> None:
    for before, timeout in ((5, 6), (6, 7)):
        folder.publish()
        folder.edit("line.yaml", f"timeout: {before}s", f"timeout: {timeout}s")
    assert "release 1 of" in folder("rollback")  # release 2 was bad
    folder.publish()
    assert "release 1 of" in folder("rollback")  # and so was what was to mend it
    assert [one["back_to"] for one in folder.history] == [None, None, 1, None, 1]


def test_diff_names_steps_and_shows_lines(folder: Folder) -> None:
    folder.publish()
    assert folder("diff", "--site", folder.site) == "Nothing differs between release 1 and the folder.\n"
    folder.edit("line.yaml", "timeout: 5s", "timeout: 6s")
    said = folder("diff", "--site", folder.site)
    assert said.startswith("From release 1 to the folder: line.yaml (step")
    assert "timeout: 5s" in said and "timeout: 6s" in said and "--- line.yaml (release 1)" in said
    folder.publish()
    assert folder("diff", "1").replace("release 2", "the folder") == said
    assert folder("diff", "2", "1").startswith("From release 2 to release 1: ")


def test_a_recording_that_changes_on_disk_changes_no_release(folder: Folder) -> None:
    folder.publish()
    recording = next((folder.site.parent / "prompts" / "en").glob("*.wav"))
    digest = str(folder.history[0]["hash"])
    kept = Shelf(folder.state).of(digest) / "prompts" / "en" / recording.name
    before = kept.read_bytes()
    recording.write_bytes(before + before[-2:])
    assert kept.read_bytes() == before
    assert "1 recording" in folder("diff", "--site", folder.site)


def test_a_release_can_be_copied_out_and_checked_there(folder: Folder, tmp_path: Path) -> None:
    folder.publish()
    folder("history", "checkout", "1", "--to", tmp_path / "out")
    assert "The site is good" in folder("check", "--site", tmp_path / "out" / "site")
    assert "is not empty" in folder.refused("history", "checkout", "1", "--to", tmp_path / "out")


def test_a_release_whose_files_were_changed_is_not_taken(folder: Folder) -> None:
    folder.publish()
    folder.edit("line.yaml", "timeout: 5s", "timeout: 6s")
    folder.publish()
    flow = Shelf(folder.state).of(str(folder.history[0]["hash"])) / "site" / "line.yaml"
    flow.chmod(0o600)
    flow.write_text(flow.read_text() + "\n")
    assert "line.yaml is not what was published" in folder.refused("rollback")
    assert len(folder.history) == 2


def test_a_running_engine_is_told_the_hash_and_what_it_was_compared_with(
    quietline: Quietline, engine: FakeEngine, tmp_path: Path
) -> None:
    (tmp_path / "edited").mkdir()
    folder = Folder(tmp_path / "edited", quietline)
    folder.state = tmp_path
    assert folder.publish("--by", "mila", "--why", "menu").startswith("Release 1 is live: all of it; ")
    assert engine.release is not None
    assert (engine.release["by"], engine.release["why"], engine.release["site"]) == (
        "mila",
        "menu",
        str(folder.site),
    )
    assert Shelf(tmp_path).has(engine.release["hash"])
    engine.report = "site.yaml:3:1: error[unknown-option]: …\n1 error, 0 warnings"
    said = folder.refused("publish", "--site", folder.site)
    assert said == f"{engine.report}\nWhat was live stays live; nothing has changed.\n"


def test_status_tells_what_is_live_and_what_is_not(
    quietline: Quietline, engine: FakeEngine, tmp_path: Path
) -> None:
    digest = Shelf(tmp_path).keep(engine.place.site)
    said = {"number": 12, "hash": digest, "by": "mila", "why": "", "at": 1_800_000_000.0}
    engine.release = {**said, "site": str(engine.place.site), "came_from": 11, "back_to": None}
    assert "site: release 12 by mila, 20" in quietline("status", "--state", tmp_path).out
    assert "unpublished" not in quietline("status", "--state", tmp_path).out
    assert json.loads(quietline("status", "--state", tmp_path, "--json").out)["release"]["number"] == 12


def test_watch_publishes_a_good_save_and_reports_a_broken_one(
    quietline: Quietline, engine: FakeEngine, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "edited").mkdir()
    folder = Folder(tmp_path / "edited", quietline)
    place = Place(tmp_path, folder.site)
    assert take(place)
    assert " Release 1 is live: all of it; 0 cases passed; " in capsys.readouterr().out
    first = engine.release
    folder.edit("line.yaml", "otherwise:", "otherwize:")
    assert not take(place)
    said = capsys.readouterr().out
    assert "error[unknown-option]" in said and said.endswith(" not published; what was live stays live\n")
    assert engine.release is first


def test_watch_says_when_a_folder_that_was_broken_is_as_it_was_published(
    folder: Folder, capsys: pytest.CaptureFixture[str]
) -> None:
    place = Place(folder.state, folder.site)
    folder.publish()
    assert take(place) and not capsys.readouterr().out
    assert take(place, good=False)
    again = " good again: nothing differs from release 1, which is live\n"
    assert capsys.readouterr().out.endswith(again)


@pytest.mark.usefixtures("engine")
def test_two_commands_take_turns(quietline: Quietline, tmp_path: Path) -> None:
    (tmp_path / "edited").mkdir()
    folder = Folder(tmp_path / "edited", quietline)
    folder.state = tmp_path
    with (tmp_path / "publish.lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        threading.Timer(0.5, fcntl.flock, (lock, fcntl.LOCK_UN)).start()
        said = folder.publish()
    assert said.startswith("another command publishes here; waiting for it\nRelease 1 is live: ")


def test_what_cannot_be_written_is_one_sentence_and_nothing_is_published(
    folder: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder.publish()
    folder.edit("line.yaml", "timeout: 5s", "timeout: 6s")

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device", "line.yaml")

    monkeypatch.setattr("engine.release.shelf._create", full)
    assert folder.refused("publish", "--site", folder.site).startswith(
        "quietline: the disk is full, and line.yaml "
    )
    monkeypatch.undo()
    assert len(folder.history) == 1 and not list(Shelf(folder.state).folder.glob(".new-*"))


def test_calls_that_would_go_another_way_are_listed_and_asked_about(
    folder: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder.publish()
    asyncio.run(one_call(folder))
    folder.edit("line.yaml", "1: support", "1: message")
    monkeypatch.setattr("sys.stdin", io.StringIO())
    said = folder._quietline("publish", "--site", folder.site, "--state", folder.state)
    assert said.status == 1
    assert "Of the last 1 call 1 would go another way:\n  1 call: " in said.out
    assert (
        said.err
        == "quietline: 1 call would go another way: say --yes if that is meant; nothing has changed\n"
    )
    assert len(folder.history) == 1
    assert "0 of the last 1 call go as they went" in folder.publish("--yes")
    folder.edit("line.yaml", "timeout: 5s", "timeout: 6s")
    assert "1 of the last 1 call go as they went" in folder.publish()


async def one_call(folder: Folder) -> None:
    """A call that pressed 1, as the engine wrote it down."""
    loaded = load_files(folder.site)
    flow = loaded.snapshot.flows["line"]
    about = {
        "from_number": "7001",
        "to_number": "100",
        "channel": "c1",
        "via": "sip",
        "language": "en",
        "release": 1,
    }
    walk = replay(flow, [], {name: str(about[name]) for name in ("language", "from_number", "to_number")})
    events = [
        Event("arrived", 100.0, "c1", data={**about, "flow": "line", "flow_hash": flow.hash}),
        Event("answered", 100.0, "c1"),
    ]
    for outcome in ("1", None):
        assert walk.do is not None
        told = {**plain(walk.do), "outcome": outcome, "language": "en", "playing_at": 100.0}
        events.append(Event("step", 101.0, "c1", data=told))
        walk.send(outcome)
    async with open_ledger(folder.state / "quietline.db") as ledger:
        ledger.put_flow(flow.hash, "line", loaded.sources["line"], 100.0)
        await ledger.append(*events, Event("ended", 102.0, "c1", data={"cause": "flow"}))
