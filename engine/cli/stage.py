"""The demo's stage: its ports, and where its agents' phones stand, so that several demos run side by side.

The shipped site says at which ports of this machine the phones stand. Only one demo can have them: the one at the usual ports, as
long as nobody else is there. Any other plays a copy of the site, STATE/stage/ivr_flows, whose phones stand in its own block of ports,
from BASE+10 on; the prompts and the music beside it are the shipped ones.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from engine.cli.place import Place, remembered
from engine.config import load_site
from engine.errors import SetupError
from engine.load.sipp import phone_port, port_free
from engine.pbx.ports import RTP_OFFSET, Ports, check_free, free_ports
from engine.pbx.process import running

#: Where the first phone may stand, counted from the port of SIP.
PHONES_OFFSET = 10


def staged(place: Place, asked: int | None) -> Place:
    """The place where this demo can play: other ports where these are taken and nobody asked for them, and phones of its own."""
    if any(running(name, place.state) for name in ("asterisk", "engine")):
        was = remembered(place.state).get("site")
        return replace(place, site=was) if was == stage(place) else place
    place = with_free_ports(place, asked)
    if place.ports == Ports() and all(port_free(*phone_port(uri)) for uri in phones(place.site).values()):
        return place
    return with_own_phones(place)


def stage(place: Place) -> Path:
    """Where the copy of the site lies."""
    return place.state / "stage" / "ivr_flows"


def with_free_ports(place: Place, asked: int | None) -> Place:
    """The place, moved to other ports where nobody asked for these and somebody else has them."""
    if asked is not None:
        return place
    try:
        check_free(place.ports, place.bind)
    except SetupError:
        return replace(place, ports=free_ports(place.bind))
    return place


def with_own_phones(place: Place) -> Place:
    """The place with a copy of its site in which the agents' phones stand at ports of this demo."""
    copy = stage(place)
    shutil.rmtree(copy.parent, ignore_errors=True)
    shutil.copytree(place.site, copy)
    for beside in ("prompts", "music"):
        if (place.site.parent / beside).is_dir():
            (copy.parent / beside).symlink_to(place.site.parent / beside)
    text = (copy / "site.yaml").read_text(encoding="utf-8")
    for old, new in moved(phones(place.site), place.ports).items():
        text = text.replace(f'"{old}"', f'"{new}"')
    (copy / "site.yaml").write_text(text, encoding="utf-8")
    return replace(place, site=copy)


def phones(site: Path) -> Mapping[str, str]:
    """Agents at fixed contacts: name -> sip:… address."""
    return {a.name: a.contact for a in load_site(site).settings.agents.values() if a.contact}


def moved(contacts: Mapping[str, str], ports: Ports) -> dict[str, str]:
    """Each contact with a free port of this block in place of its own. Raises SetupError when the block is full."""
    block = iter(range(ports.sip + PHONES_OFFSET, ports.sip + RTP_OFFSET))
    found: dict[str, str] = {}
    for contact in contacts.values():
        address, port = phone_port(contact)
        free = next((one for one in block if port_free(address, one)), None)
        if free is None:
            raise SetupError(
                f"no port from {ports.sip + PHONES_OFFSET} on is free for an agent's phone: name others with --ports"
            )
        found[contact] = contact.replace(f"{address}:{port}", f"{address}:{free}")
    return found
