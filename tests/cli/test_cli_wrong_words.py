"""Words, numbers and addresses that cannot be: one sentence each, and nothing of them is remembered."""

from __future__ import annotations

from pathlib import Path

import pytest
from cli_kit import Quietline

from engine.cli.place import Place, check_addresses, place_of, remember, remembered
from engine.errors import SetupError
from engine.pbx.ports import free_ports


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (
            "check extra",
            "'extra' is not wanted here: leave it out; `quietline check --help` tells what is known",
        ),
        ("trace", "CONTACT is missing: write `quietline trace CONTACT`; "),
        (
            "agent 2001",
            "WANTED is missing: write `quietline agent … WANTED`, WANTED one of login, ready, pause, logout, code; ",
        ),
        ("up --ports", "--ports needs a value: write `quietline up --ports PORTS`; "),
        ("report queues --within -5s", "--within '-5s' is below zero: write it without the -; "),
        (
            "supervise listen 4002",
            "--phone is missing: write `quietline supervise listen 4002 --phone PHONE`; ",
        ),
        (
            f"supervise listen {'x' * 100}",
            "--phone is missing: write `quietline supervise listen … --phone PHONE`; ",
        ),
        ("up --ports many", "--ports 'many' is not a whole number: "),
        ("load x --rate fast", "--rate 'fast' is not a number: "),
        ("up --prts 20000", "there is no option --prts: did you mean --ports? "),
        ("statsu", "there is no command 'statsu': did you mean status? "),
        ("check --json --json", "--json is given twice: write it once"),
        ("check --json=maybe", "--json takes no value such as 'maybe': "),
    ],
)
def test_words_that_make_no_command_are_one_sentence(quietline: Quietline, words: str, told: str) -> None:
    said = quietline(*words.split())
    assert (said.status, said.out, said.err.count("\n")) == (2, "", 1)
    assert said.err.startswith(f"quietline: {told}"), said.err


@pytest.mark.parametrize(
    ("option", "value", "told"),
    [
        ("--bind", "nonsense", "--bind 'nonsense' is no IP address: "),
        ("--pages-address", "x;y", "--pages-address 'x;y' is no IP address: "),
        (
            "--public-address",
            "'x;y'",
            "--public-address \"'x;y'\" is neither an IP address nor a name that resolves: ",
        ),
        ("--pages-name", "http://pbx.example", "--pages-name 'http://pbx.example' is no name that a page "),
        (
            "--pages-address",
            "192.0.2.77",
            "192.0.2.77, where pages shall listen, is no address of this machine: ",
        ),
        ("--bind", "192.0.2.77", "192.0.2.77, where SIP shall listen, is no address of this machine: "),
    ],
)
def test_an_address_that_cannot_be_has_a_sentence_of_its_own_and_is_not_remembered(
    quietline: Quietline, tmp_path: Path, option: str, value: str, told: str
) -> None:
    said = quietline("up", "--state", tmp_path, "--ports", free_ports().sip, option, value)
    assert said.sentence.startswith(told)
    assert remembered(tmp_path) == {}


def test_a_remembered_address_that_cannot_be_is_refused_too(quietline: Quietline, tmp_path: Path) -> None:
    remember(place_of(tmp_path, bind="nonsense"))
    assert quietline("up", "--state", tmp_path).sentence.startswith("--bind 'nonsense' is no IP address")


@pytest.mark.parametrize("public", [None, "", "192.0.2.7", "2001:db8::7", "localhost"])
def test_addresses_that_can_be_are_taken(tmp_path: Path, public: str | None) -> None:
    check_addresses(Place(tmp_path, tmp_path, bind="::1", public_address=public, pages_address="0.0.0.0"))


@pytest.mark.parametrize("public", ["-x", "a..b", "nowhere.invalid", "a b", "x" * 300])
def test_a_public_address_that_leads_nowhere_is_refused(tmp_path: Path, public: str) -> None:
    with pytest.raises(SetupError, match=r"--public-address .* is neither"):
        check_addresses(Place(tmp_path, tmp_path, public_address=public))


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("load uac-silent --rate nan", "--rate nan cannot be run: give calls a second, between "),
        ("load uac-silent --rate inf", "--rate inf cannot be run: "),
        ("load uac-silent --rate -1", "--rate -1 cannot be run: "),
        (
            "load uac-silent --agents -1",
            "--agents -1 cannot be run: give how many phones to play, 0 for none",
        ),
        ("load uac-silent --calls 99999999999", "--calls 99999999999 cannot be run: "),
        ("load --mix /dev/null", "/dev/null: holds nothing: write `key: value` lines"),
        ("contacts --since -1", "--since '-1' is no time: "),
        ("contacts --since nan", "--since 'nan' is no time: "),
        ("contacts --since inf", "--since 'inf' is no time: "),
        ("contacts --since 0000000000000000001d", "--since '0000000000000000001d' is no time: "),
    ],
)
def test_numbers_that_cannot_be_are_refused_before_anything_else(
    quietline: Quietline, tmp_path: Path, words: str, told: str
) -> None:
    assert quietline(*words.split(), "--state", tmp_path / "none").sentence.startswith(told)
