"""Where a Quietline lives: what is given wins over what the state remembers, and that over the defaults."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from engine.cli.place import Place, place_of, remember, sip_of
from engine.config import load_site
from engine.core.site import Settings
from engine.errors import SetupError
from engine.pbx.ports import Ports
from engine.pbx.render import REPOSITORY


@pytest.fixture
def settings() -> Settings:
    return load_site(REPOSITORY / "ivr_flows").settings


def test_a_new_state_has_the_usual_ports_and_listens_on_loopback(tmp_path: Path) -> None:
    place = place_of(tmp_path)
    assert (place.ports, place.bind, place.site.name) == (Ports(), "127.0.0.1", "ivr_flows")
    assert (place.sip, place.pages) == ("127.0.0.1:5060", "http://127.0.0.1:8080/")


def test_a_state_remembers_its_place_and_what_is_given_wins(tmp_path: Path) -> None:
    place = place_of(tmp_path, Path("elsewhere"), 20000, "0.0.0.0", "192.0.2.7", "0.0.0.0")
    remember(place)
    assert place_of(tmp_path) == place
    assert place_of(tmp_path, ports=30000) == replace(place, ports=Ports.from_base(30000))


def test_a_place_on_all_addresses_is_reached_on_loopback(tmp_path: Path) -> None:
    for everywhere in ("0.0.0.0", "::"):
        place = Place(tmp_path, tmp_path, bind=everywhere, pages_address=everywhere)
        assert (place.sip, place.pages) == ("127.0.0.1:5060", "http://127.0.0.1:8080/")
    assert Place(tmp_path, tmp_path, bind="2001:db8::1").sip == "[2001:db8::1]:5060"


def test_an_external_asterisk_takes_calls_on_its_own_host(tmp_path: Path, settings: Settings) -> None:
    place = place_of(tmp_path, ports=20000)
    external = replace(settings, asterisk="external", external={"url": "http://192.0.2.5:8088"})
    assert sip_of(place, settings) == "127.0.0.1:20000"
    assert sip_of(place, external) == "192.0.2.5:5060"


def test_a_state_of_a_newer_quietline_is_read_as_far_as_it_is_known(tmp_path: Path) -> None:
    remember(place_of(tmp_path, ports=20000))
    path = tmp_path / "state.json"
    path.write_text(path.read_text().replace('"bind"', '"colour": "red", "bind"'))
    assert place_of(tmp_path).ports.sip == 20000


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"site": 3}', '{"site": "x", "ports": {"sip": 1, "no": 2}}']
)
def test_a_damaged_state_is_one_sentence(tmp_path: Path, text: str) -> None:
    (tmp_path / "state.json").write_text(text)
    with pytest.raises(SetupError, match=r"state\.json is damaged: remove it"):
        place_of(tmp_path)
