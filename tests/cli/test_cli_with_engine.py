"""Commands to a running engine: what they ask over the control socket, and what they say."""

from __future__ import annotations

import json
import stat
import subprocess
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

import pytest
from cli_kit import FakeEngine, Quietline

from engine.cli.ask import control_socket
from engine.pbx.process import remember_process
from engine.release.live import login


def test_status_shows_addresses_queues_callers_and_agents(
    quietline: Quietline, engine: FakeEngine, tmp_path: Path
) -> None:
    said = quietline("status", "--state", tmp_path)
    assert said.out.startswith("Calls can come in; 1 call in progress.\n")
    for word in (engine.place.sip, "support", "c1", "ringing", "c2", "Mila", "talking"):
        assert word in said.out


def test_status_writes_states_as_words_and_long_times_in_hours(
    quietline: Quietline, engine: FakeEngine, tmp_path: Path
) -> None:
    engine.agents["2002"] |= {"state": "logged_out", "reason": "no_answer", "since": time.time() - 9000}
    said = quietline("status", "--state", tmp_path).out
    assert "logged out" in said and "no answer" in said and "2 h 30 min" in said
    with urllib.request.urlopen(engine.place.pages) as answer:
        assert "<td>logged out<td>no answer" in answer.read().decode()


def test_status_as_json_has_the_documented_keys(
    quietline: Quietline, engine: FakeEngine, tmp_path: Path
) -> None:
    told = json.loads(quietline("status", "--state", tmp_path, "--json").out)
    assert {"sip", "ari", "pages", "state", "ready", "calls", "floor"} <= told.keys()
    assert told["sip"] == engine.place.sip


def test_status_says_when_asterisk_is_gone(quietline: Quietline, engine: FakeEngine, tmp_path: Path) -> None:
    engine.trouble = "Asterisk is not connected: no call can come in"
    assert "Asterisk is not connected: no call can come in." in quietline("status", "--state", tmp_path).out


def test_status_and_doctor_say_who_was_turned_away_and_that_ami_is_silent(
    quietline: Quietline, engine: FakeEngine, tmp_path: Path
) -> None:
    assert "urned away" not in quietline("status", "--state", tmp_path).out
    engine.ami, name = False, "quietline_security_events_total"
    engine.counters = {
        f'{name}{{event="FailedACL",service="AMI"}}': 2.0,
        f'{name}{{event="InvalidAccountID",service="PJSIP"}}': 340.0,
        "quietline_security_events_unlogged_total": 300.0,
    }
    said = quietline("status", "--state", tmp_path).out
    assert "Phones and sound are not watched: AMI does not answer" in said
    assert "engine started: 340 × InvalidAccountID at PJSIP, 2 × FailedACL at AMI (log/engine.log)." in said
    looked = quietline("doctor", "--site", tmp_path / "none", "--state", tmp_path).out
    assert "AMI does not answer the engine" in looked and "340 × InvalidAccountID at PJSIP" in looked


def test_a_fault_of_the_engine_is_told_as_one_and_not_as_an_older_engine(
    quietline: Quietline, engine: FakeEngine, tmp_path: Path
) -> None:
    engine.agents["2001"] = object()  # which cannot be written down
    said = quietline("status", "--state", tmp_path)
    assert said.status == 1
    assert said.sentence == (
        f"the engine of {tmp_path} failed at what was asked (GET /status), by a fault of its own: "
        f"its log tells which, {tmp_path}/log/engine.log"
    )


def test_status_says_why_calls_wait_though_asterisk_is_there_and_what_was_mended(
    quietline: Quietline, engine: FakeEngine, tmp_path: Path
) -> None:
    engine.trouble = "the store cannot write (the disk is full): calls wait until it can"
    engine.careful = "quietline.db was deleted"
    said = quietline("status", "--state", tmp_path).out
    assert said.startswith(
        "The store cannot write (the disk is full): calls wait until it can.\nCareful: quietline.db was"
    )
    assert "Asterisk is not connected" not in said
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(f"{engine.place.pages}healthz")
    assert refused.value.read().decode() == f"{engine.trouble}\n"
    refused.value.close()
    with urllib.request.urlopen(engine.place.pages) as answer:
        page = answer.read().decode()
    assert engine.trouble in page and engine.careful in page and "Calls are taken" not in page


def test_an_agents_state_that_is_not_on_disk_yet_is_taken_and_said_to_be_so(
    quietline: Quietline, engine: FakeEngine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("engine.web.answers.WRITTEN_WITHIN", 0.1)
    engine.trouble, engine.disk_takes = "the store cannot write (the disk is full)", 0.5
    said = quietline("agent", "2001", "pause", "lunch", "--state", tmp_path)
    assert (said.status, said.out) == (
        0,
        "2001 Mila is paused (lunch). That is not on disk yet: the store cannot write (the disk is full).\n",
    )


def test_an_agent_whose_phone_is_not_there_hears_that_it_is_asked(
    quietline: Quietline, engine: FakeEngine, tmp_path: Path
) -> None:
    said = quietline("agent", "2001", "pause", "unreachable", "--state", tmp_path)
    assert said.out == (
        "2001 Mila is paused (unreachable). Their phone is being asked; they are ready as soon as it answers.\n"
    )


def test_an_agent_is_made_ready_paused_and_logged_out(
    quietline: Quietline, engine: FakeEngine, tmp_path: Path
) -> None:
    said = quietline("agent", "2001", "pause", "lunch", "time", "--state", tmp_path)
    assert said.out == "2001 Mila is paused (lunch time).\n"
    assert quietline("agent", "2001", "ready", "--state", tmp_path).out == "2001 Mila is ready.\n"
    assert quietline("agent", "2001", "logout", "--state", tmp_path).out == "2001 Mila is logged out.\n"
    by = f"user {login()}"
    assert engine.asked == [
        ("2001", {"by": by, "state": "paused", "reason": "lunch time"}),
        ("2001", {"by": by, "state": "ready", "reason": ""}),
        ("2001", {"by": by, "state": "logged_out", "reason": ""}),
    ]


def test_an_agent_is_logged_in_at_a_phone_and_says_what_a_conversation_was_about(
    quietline: Quietline, engine: FakeEngine, tmp_path: Path
) -> None:
    said = quietline("agent", "2001", "login", "--phone", "desk_1", "--state", tmp_path)
    assert said.out == "2001 Mila is logged in at phone desk_1.\n"
    said = quietline("agent", "2001", "code", "solved", "--note", "a new lamp", "--state", tmp_path)
    assert said.out == "2001 Mila is logged in at phone desk_1, code solved.\n"
    quietline("agent", "2001", "code", "printer", "--resolved", "no", "--state", tmp_path)
    by = f"user {login()}"
    assert engine.asked == [
        ("2001", {"by": by, "state": "logged_in", "reason": "", "phone": "desk_1"}),
        ("2001", {"by": by, "code": "solved", "note": "a new lamp"}),
        ("2001", {"by": by, "code": "printer", "resolved": "no"}),
    ]
    assert quietline("agent", "2001", "code", "--state", tmp_path).sentence.startswith("which code? ")


def test_a_pause_that_lasts_too_long_is_shown_as_such(
    quietline: Quietline, engine: FakeEngine, tmp_path: Path
) -> None:
    paused = {"state": "paused", "reason": "lunch", "since": time.time() - 2900, "limit": 2700.0}
    engine.agents["2001"] |= paused
    assert "lunch, 3 min 2" in quietline("status", "--state", tmp_path).out


def test_programs_ask_with_the_token_and_nobody_else_does(engine: FakeEngine, tmp_path: Path) -> None:
    token = (tmp_path / "api-token").read_text().strip()
    assert (tmp_path / "api-token").stat().st_mode & 0o77 == 0
    assert asked_of_api(engine, "agents/2001", token)["title"] == "Mila"
    assert set(asked_of_api(engine, "agents", token)) == {"2001", "2002"}
    told = asked_of_api(engine, "agents/2001", token, {"state": "paused", "reason": "lunch"})
    assert (told["state"], told["reason"]) == ("paused", "lunch")
    assert asked_of_api(engine, "agents/9", token, {"state": "ready"}) == (
        404,
        "there is no agent '9': this site has 2001, 2002",
    )
    assert asked_of_api(engine, "agents/9", token)[0] == 404
    for wrong in ("", token[:-1], token + "é"):
        assert asked_of_api(engine, "agents", wrong)[0] == 401
        assert asked_of_api(engine, "agents/2001", wrong, {"state": "ready"})[0] == 401
    assert engine.agents["2001"]["state"] == "paused"


def asked_of_api(engine: FakeEngine, path: str, token: str, body: Any = None) -> Any:
    """What the interface for programs answers; of a refusal its status and sentence."""
    request = urllib.request.Request(f"{engine.place.pages}api/{path}")
    request.add_header("Authorization", f"Bearer {token}".encode().decode("latin-1"))
    request.data = None if body is None else json.dumps(body).encode()
    try:
        with urllib.request.urlopen(request) as answered:
            return json.loads(answered.read())
    except urllib.error.HTTPError as refused:
        with refused:
            return refused.code, json.loads(refused.read())["error"]


def test_an_unknown_agent_is_one_sentence(quietline: Quietline, engine: FakeEngine, tmp_path: Path) -> None:
    for name in ("9", "../stop", "20 01?"):
        sentence = quietline("agent", name, "ready", "--state", tmp_path).sentence
        assert sentence == f"there is no agent {name!r}: this site has 2001, 2002"
    assert not engine.stopped.is_set()


@pytest.mark.usefixtures("engine")
def test_a_state_nobody_can_ask_for_is_refused_before_it_is_sent(
    quietline: Quietline, tmp_path: Path
) -> None:
    said = quietline("agent", "2001", "asleep", "--state", tmp_path)
    assert said.status == 2
    assert said.err.startswith("quietline: WANTED 'asleep' is not one of login, ready, pause, logout, code: ")


@pytest.mark.usefixtures("engine")
@pytest.mark.parametrize("name", ["", ".", ".."])
def test_what_cannot_name_an_agent_is_one_sentence(quietline: Quietline, tmp_path: Path, name: str) -> None:
    sentence = quietline("agent", name, "ready", "--state", tmp_path).sentence
    assert sentence == f"{name!r} is no agent's name: `quietline status` lists the agents"


def test_a_second_engine_on_the_same_state_is_refused(
    quietline: Quietline, engine: FakeEngine, tmp_path: Path
) -> None:
    said = quietline("run", "--state", tmp_path, "--site", engine.place.site)
    assert said.sentence.startswith(f"an engine runs on {tmp_path} already: ")


def test_down_ends_also_an_engine_whose_process_nobody_remembers(
    quietline: Quietline, engine: FakeEngine, tmp_path: Path
) -> None:
    assert quietline("down", "--state", tmp_path).out == "Quietline is down.\n"
    assert engine.stopped.wait(2)
    assert not engine.ended_calls, "where no Asterisk of ours runs, calls stay in theirs"


def test_down_ends_the_calls_before_an_asterisk_of_ours(
    quietline: Quietline, engine: FakeEngine, tmp_path: Path
) -> None:
    with subprocess.Popen(["sleep", "60"]) as asterisk:
        remember_process("asterisk", tmp_path, asterisk.pid)
        assert quietline("down", "--state", tmp_path).out == "Quietline is down.\n"
    assert engine.stopped.wait(2) and engine.ended_calls


@pytest.mark.usefixtures("engine")
def test_only_this_user_may_command(tmp_path: Path) -> None:
    assert stat.S_IMODE(control_socket(tmp_path).stat().st_mode) == 0o600


def test_the_page_shows_the_floor_and_escapes_what_people_write(engine: FakeEngine) -> None:
    engine.agents["2001"]["reason"] = "<script>alert(1)</script>"
    with urllib.request.urlopen(engine.place.pages) as answer:
        page = answer.read().decode()
        assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    assert "Calls are taken." in page and "Mila" in page and engine.place.sip in page
    assert "<script>" not in page


def test_the_health_check_follows_the_link_to_asterisk(engine: FakeEngine) -> None:
    with urllib.request.urlopen(f"{engine.place.pages}healthz") as answer:
        assert answer.read() == b"ok\n"
    engine.trouble = "Asterisk is not connected: no call can come in"
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(f"{engine.place.pages}healthz")
    assert refused.value.code == 503
    refused.value.close()
