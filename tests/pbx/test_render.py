"""What an admin writes ends up in Asterisk's configuration as a value, never as a line of its own."""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
from pathlib import Path

import pytest
from pbx_site import settings

from engine.core.site import AgentRule, QueueRule, Settings, Trunk
from engine.errors import SetupError
from engine.pbx.ports import Ports
from engine.pbx.render import LONGEST_RUN, REPOSITORY, Layout, conf_value, make_run_folder, render, run_folder
from engine.pbx.root import Root
from engine.pbx.secrets import load_secrets


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    data = tmp_path / "share"
    (data / "sounds" / "en_US_f_Allison").mkdir(parents=True)
    return Layout(
        tmp_path / "state", Root(tmp_path, (22, 10, 1), tmp_path, data), Ports(), REPOSITORY / "prompts"
    )


def rendered(site: Settings, layout: Layout, file: str) -> list[str]:
    render(site, layout)
    return (layout.asterisk / "etc" / file).read_text().splitlines()


def test_every_file_asterisk_asks_for_is_there_and_only_we_can_read_it(layout: Layout) -> None:
    render(settings(), layout)
    etc = layout.asterisk / "etc"
    for name in ("asterisk", "modules", "pjsip", "ari", "http", "rtp", "extensions", "logger", "stasis"):
        assert stat.S_IMODE((etc / f"{name}.conf").stat().st_mode) == 0o600
    assert (etc / "dialplan" / "calls.conf").exists()
    assert stat.S_IMODE((layout.state / "secrets.json").stat().st_mode) == 0o600
    assert stat.S_IMODE(layout.state.stat().st_mode) == 0o700


def test_passwords_are_long_and_stay_the_same(layout: Layout) -> None:
    first = render(settings(), layout)
    assert len(first.ari_password) >= 20
    assert render(settings(), layout) == first == load_secrets(layout.state)
    assert f"password = {first.ari_password}" in rendered(settings(), layout, "ari.conf")


def test_a_damaged_secrets_file_is_one_sentence(layout: Layout) -> None:
    render(settings(), layout)
    (layout.state / "secrets.json").write_text("{")
    with pytest.raises(SetupError, match=r"secrets\.json is damaged: remove it"):
        render(settings(), layout)


def test_ari_listens_on_loopback_only_and_asterisk_where_it_is_told(layout: Layout) -> None:
    assert "bindaddr = 127.0.0.1" in rendered(settings(), layout, "http.conf")
    assert rendered(settings(), layout, "pjsip.conf").count("bind = 127.0.0.1:5060") == 2


@pytest.mark.parametrize("password", ["x\n[anyone](line)", "x\rauth =", "x\x00", "\x1b[31m", "x\u2028y"])
def test_a_password_with_a_line_break_is_refused(layout: Layout, password: str) -> None:
    agents = {"eve": AgentRule("eve", ("support",), password=password)}
    with pytest.raises(SetupError, match="line break or a control character"):
        render(settings(agents=agents), layout)


def test_a_semicolon_is_escaped_and_brackets_stay_in_their_line(layout: Layout) -> None:
    agents = {"eve": AgentRule("eve", ("support",), password="a;b[c]=d")}
    assert "password = a\\;b[c]=d" in rendered(settings(agents=agents), layout, "pjsip.conf")
    assert conf_value(";--") == "\\;--"


@pytest.mark.parametrize("name", ["a b", "x]", "ünal", "", "a/b", "x\n"])
def test_a_name_that_is_no_section_name_is_refused(layout: Layout, name: str) -> None:
    with pytest.raises(SetupError, match="use only letters without accents"):
        render(settings(agents={name: AgentRule(name, ("q",), password="long enough")}), layout)
    with pytest.raises(SetupError, match="use only letters without accents"):
        render(settings(trunks={name: Trunk(name, ("192.0.2.1",))}), layout)


@pytest.mark.parametrize(
    "contact",
    ["anna@host", "sip:anna@host>;x", "sip:a@h,sip:b@h", "sip:a@h\nauth=none", "sip:a@h x", "tel:1"],
)
def test_a_contact_that_is_no_sip_address_is_refused(layout: Layout, contact: str) -> None:
    with pytest.raises(SetupError, match="is no SIP address"):
        render(settings(agents={"a": AgentRule("a", ("q",), contact=contact)}), layout)


@pytest.mark.parametrize(
    ("trunk", "why"),
    [
        (Trunk("t"), "is known by nothing"),
        (Trunk("t", ("provider.example",)), "is no IP address or network"),
        (Trunk("t", username="user"), "has no password"),
        (Trunk("t", username="user", password=" x"), "begins or ends with a space"),
        (Trunk("t", username='u"x', password="x"), "use only letters without accents"),
    ],
)
def test_a_trunk_that_cannot_be_recognised_is_one_sentence(layout: Layout, trunk: Trunk, why: str) -> None:
    with pytest.raises(SetupError, match=why):
        render(settings(trunks={"t": trunk}), layout)


def test_an_agent_may_not_register_under_a_dialled_number(layout: Layout) -> None:
    with pytest.raises(SetupError, match="a dialled number"):
        render(settings(agents={"100": AgentRule("100", ("q",), password="long enough")}), layout)


def test_a_queue_whose_music_is_missing_is_one_sentence_and_a_folder_mends_it(
    layout: Layout, tmp_path: Path
) -> None:
    site = settings(queues={"q": QueueRule("q", music="calm")})
    with pytest.raises(SetupError, match="there is no music 'calm': put WAV files in"):
        render(site, layout)
    (tmp_path / "music" / "calm").mkdir(parents=True)
    beside = Layout(layout.state, layout.root, layout.ports, tmp_path / "prompts")
    assert "[calm]" in rendered(site, beside, "musiconhold.conf")


def test_a_failed_rendering_leaves_the_running_configuration_alone(layout: Layout) -> None:
    before = rendered(settings(), layout, "pjsip.conf")
    with pytest.raises(SetupError):
        render(settings(trunks={"t": Trunk("t")}), layout)
    assert (layout.asterisk / "etc" / "pjsip.conf").read_text().splitlines() == before
    assert [path.name for path in layout.asterisk.iterdir() if path.name.startswith("etc")] == ["etc"]


def test_a_deep_state_gets_a_short_folder_for_its_socket_and_two_states_two(tmp_path: Path) -> None:
    deep, other = tmp_path / ("x" * 90), tmp_path / ("y" * 90)
    assert run_folder(tmp_path / "s") == tmp_path / "s" / "asterisk" / "run"
    assert len(os.fsencode(run_folder(deep))) <= LONGEST_RUN
    assert run_folder(deep) == run_folder(deep) != run_folder(other)


def test_a_socket_folder_somebody_else_made_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_run_folder(tmp_path)
    monkeypatch.setattr(os, "getuid", lambda: run_folder(tmp_path).stat().st_uid + 1)
    with pytest.raises(SetupError, match="belongs to another user"):
        make_run_folder(tmp_path)


def test_our_prompts_and_asterisks_sounds_lie_side_by_side(layout: Layout) -> None:
    render(settings(), layout)
    sounds = layout.asterisk / "data" / "sounds"
    assert (sounds / "quietline" / "en.yaml").exists()
    assert (sounds / "en").resolve().name == "en_US_f_Allison"


def test_a_state_nobody_may_write_in_is_one_sentence(layout: Layout, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    blocked = Layout(tmp_path / "file", layout.root, layout.ports, layout.prompts)
    with pytest.raises(SetupError, match=r"cannot be written .*: choose another place with --state"):
        render(settings(), blocked)


def test_the_fallback_wrapper_survives_spaces_in_paths(layout: Layout, tmp_path: Path) -> None:
    spaced = Layout(
        tmp_path / "my state",
        layout.root,
        layout.ports,
        layout.prompts,
        fallback=(shutil.which("printf") or "", "%s|"),
    )
    render(settings(), spaced)
    wrapper = spaced.asterisk / "agi-bin" / "quietline-fallback"
    said = subprocess.run([wrapper], capture_output=True, text=True, check=True).stdout
    assert said == f"{spaced.spool}|quietline/en|"


def test_the_environment_says_which_networks_need_no_public_address(
    layout: Layout, monkeypatch: pytest.MonkeyPatch
) -> None:
    def local(site: Settings) -> list[str]:
        outside = Layout(
            layout.state, layout.root, layout.ports, layout.prompts, "0.0.0.0", public_address="192.0.2.9"
        )
        lines = rendered(site, outside, "pjsip.conf")
        assert lines.count("external_media_address = 192.0.2.9") == 2
        return sorted({line for line in lines if line.startswith("local_net")})

    assert len(local(settings())) == 4
    monkeypatch.setenv("QUIETLINE_LOCAL_NETWORKS", "127.0.0.0/8")
    assert local(settings()) == ["local_net = 127.0.0.0/8"]


def test_a_trunk_known_by_its_port_leaves_the_others_of_its_address_to_phones(layout: Layout) -> None:
    trunk = Trunk("local", ("127.0.0.1:5070", "[2001:db8::1]:5070", "192.0.2.0/24", "192.0.2.9"))
    lines = rendered(settings(trunks={"local": trunk}), layout, "pjsip.conf")
    assert [line for line in lines if line.startswith("match = ")] == [
        "match = 127.0.0.1:5070",
        "match = [2001:db8::1]:5070",
        "match = 192.0.2.0/24",
        "match = 192.0.2.9/32",
    ]
