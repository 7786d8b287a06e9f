"""Secret digits: 200 callers key in marked ones, and nothing the engine writes or says anywhere holds a single one of them."""

from __future__ import annotations

import base64
import hashlib
import json
import shutil
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import ClassVar

import pytest
from simulated import play_simulated

from engine.config import load_files
from engine.sim.scenario import AgentPlan, CallerPlan, Press, Scenario, Stay, Then, Wait

FLOW = """\
flow: account
steps:
  customer:
    - ask: customer_number
      into: customer
      digits: 6
      timeout: 3s
      otherwise: farewell
    - ask: customer_number
      into: pin
      digits: 8
      secret: yes
      timeout: 3s
      retries: 1
      otherwise: farewell
    - webhook: bank
      send: { customer: "{{ customer }}", pin: "{{ pin }}" }
      into: { level: level }
      on_failed: farewell
    - queue: desk_a
      max_wait: 20s
      on_timeout: message
    - hangup: goodbye
  message:
    - voicemail: desk
    - hangup: goodbye
  farewell:
    - hangup: goodbye
"""
CONTRACT = """\
flow: account
steps:
  customer:
    - entitlement: many
      by: pin
      number: customer_number
      number_digits: 6
      pin: customer_pin
      pin_digits: 8
      timeout: 3s
      on_unknown: farewell
      on_expired: farewell
      on_blocked: farewell
      on_unreachable: farewell
    - queue: desk_a
      max_wait: 20s
      on_timeout: message
    - hangup: goodbye
  message:
    - voicemail: desk
    - hangup: goodbye
  farewell:
    - hangup: goodbye
"""
CALLERS = 200
AGENT = {"2001": AgentPlan("2001", 0.5, Then.ANSWER, 3.0)}


def customer(number: int) -> str:
    return f"{640_000 + number * 7}"


def pin(number: int) -> str:
    return f"{97_531_000 + number * 3}"


def caller(number: int) -> CallerPlan:
    """Every fifth gives too few digits of their PIN first, every seventh types everything ahead."""
    known, secret = customer(number) + "#", pin(number) + "#"
    first = (Press(pin(number)[:7] + "#"), Wait(2.5)) if number % 5 == 0 else ()
    asked = (Wait(1.2), Press(known), Wait(1.5), *first, Press(secret))
    return CallerPlan(
        f"+3598800{number:05d}",
        "105",
        (Press(known + secret), Stay()) if number % 7 == 0 else (*asked, Stay()),
        {},
        at=number * 1.7,
    )


class Bank(BaseHTTPRequestHandler):
    """The service the PINs are for."""

    known: ClassVar[dict[str, str]] = {}

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.known[asked["customer"]] = asked["pin"]
        answer = json.dumps({"level": "gold", "echo": asked["pin"]}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def bank() -> Iterator[str]:
    Bank.known.clear()
    server = ThreadingHTTPServer(("127.0.0.1", 0), Bank)
    thread = Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/pin"
    server.shutdown()
    thread.join()
    server.server_close()


def hashed(secret: str) -> str:
    """A scrypt hash that costs little."""
    salt = secret[::-1].encode()
    made = hashlib.scrypt(secret.encode(), salt=salt, n=16, r=8, p=1, dklen=32)
    texts = [base64.b64encode(part).decode().rstrip("=") for part in (salt, made)]
    return "$scrypt$ln=4,r=8,p=1${}${}".format(*texts)


def customers() -> str:
    """The customers' file: every tenth is not in it, every third has another PIN than their caller gives."""
    rows = [
        f'{customer(n)},"Customer {n}","{hashed(pin(n) if n % 3 else pin(n + 500))}",gold'
        for n in range(CALLERS)
        if n % 10
    ]
    return "\n".join(["number,name,pin,level", *rows, ""])


def written(folder: Path) -> bytes:
    return b"\0".join(path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file())


def test_no_digit_sequence_of_two_hundred_callers_secrets_is_written_anywhere(
    site_folder: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str], bank: str
) -> None:
    shutil.copytree(site_folder.parent, tmp_path / "twin")
    (tmp_path / "twin" / "site" / "account.yaml").write_text(FLOW)
    with (tmp_path / "twin" / "site" / "site.yaml").open("a") as file:
        file.write(f'services: {{ bank: {{ url: "{bank}" }} }}\n')
    loaded = load_files(tmp_path / "twin" / "site")
    scenario = Scenario("secrets", "", tuple(caller(n) for n in range(CALLERS)), AGENT, ("2001",))
    told = play_simulated(loaded, scenario, tmp_path / "state")
    outcomes = {record["outcome"] for record in told.records.values()}
    assert len(told.records) == CALLERS
    assert "answered" in outcomes, "nobody's PIN was taken"
    assert Bank.known == {customer(n): pin(n) for n in range(CALLERS)}, (
        "the one who needs the PINs has not got them"
    )
    everything = written(tmp_path / "state") + "".join(capfd.readouterr()).encode()
    for number in range(CALLERS):
        assert customer(number).encode() in everything, (
            "what is no secret is on record, so a secret would be found too"
        )
        assert pin(number).encode() not in everything
        assert pin(number)[:7].encode() not in everything


def test_no_pin_given_to_a_source_of_customers_is_written_anywhere_nor_is_its_hash(
    site_folder: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    shutil.copytree(site_folder.parent, tmp_path / "twin")
    site = tmp_path / "twin" / "site"
    (site / "account.yaml").write_text(CONTRACT)
    (site / "many.csv").write_text(customers())
    text = (site / "site.yaml").read_text()
    (site / "site.yaml").write_text(
        f"{text}  many: {{ kind: csv, file: many.csv, levels: [gold], on_failure: closed }}\n"
    )
    scenario = Scenario("secrets", "", tuple(caller(n) for n in range(CALLERS)), AGENT, ("2001",))
    told = play_simulated(load_files(site), scenario, tmp_path / "state")
    events = [event for story in told.events.values() for event in story if event.kind == "entitled"]
    whys = {event.data["why"] for event in events}
    assert whys == {"contract_runs", "wrong_pin", "no_customer"}
    everything = written(tmp_path / "state") + "".join(capfd.readouterr()).encode()
    assert b"$scrypt" not in everything
    for number in range(CALLERS):
        assert customer(number).encode() in everything
        assert pin(number).encode() not in everything
        assert pin(number)[:7].encode() not in everything
