"""Bulletins in the store: what was begun and ended is the same after a restart."""

from __future__ import annotations

from pathlib import Path

from engine.call.bulletins import Bulletins
from engine.core.bulletins import Bulletin
from engine.store.archive import open_archive
from engine.store.ledger import open_ledger

MAIL = Bulletin("mail", "mail_down", 100.0, 200.0, {"to_number": "100"}, "anna")
VPN = Bulletin("vpn", "vpn_down", 110.0)


async def test_bulletins_are_the_same_after_a_restart(tmp_path: Path) -> None:
    path = tmp_path / "quietline.db"
    async with open_ledger(path) as ledger:
        live = Bulletins(ledger)
        await live.begin(MAIL, 100.0)
        await live.begin(VPN, 110.0)
        await live.begin(Bulletin("gone", "x", 120.0), 120.0)
        await live.end("gone", "anna", 130.0)
    async with open_ledger(path) as ledger, open_archive(path) as archive:
        again = Bulletins(ledger, await archive.bulletins())
    assert again.known == live.known == {"mail": MAIL, "vpn": VPN}
    assert again.told(150.0) == [VPN, MAIL]
    assert again.told(250.0) == [VPN]
