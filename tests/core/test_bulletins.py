"""Bulletins: the last event about a name counts, each is told in its time and to those it is about."""

from __future__ import annotations

from engine.core.bulletins import Bulletin, concerns, ended, folded

MAIL = Bulletin("mail", "mail_down", 100.0, 200.0, {"to_number": "100"}, "anna")
VPN = Bulletin("vpn", "vpn_down", 100.0)


def test_a_bulletin_is_told_from_its_beginning_to_its_end() -> None:
    assert [MAIL.tells(at) for at in (99.9, 100.0, 199.9, 200.0)] == [False, True, True, False]
    assert VPN.tells(1e12)


def test_what_was_said_last_of_a_name_counts_and_an_end_ends_it() -> None:
    later = Bulletin("mail", "mail_slow", 150.0)
    events = [MAIL.event(100.0), VPN.event(101.0), later.event(150.0)]
    assert folded(events) == {"vpn": VPN, "mail": later}
    assert list(folded(events)) == ["vpn", "mail"], "the newest is last"
    assert folded([*events, ended("mail", "anna", 160.0)]) == {"vpn": VPN}
    assert folded([ended("mail", "anna", 160.0)]) == {}


def test_a_bulletin_concerns_those_of_whom_all_its_scope_is_known() -> None:
    assert concerns({}, {})
    assert concerns({"a": "1"}, {"a": "1", "b": "2"})
    assert not concerns({"a": "1", "b": "3"}, {"a": "1", "b": "2"})
    assert not concerns({"c": "1"}, {})
