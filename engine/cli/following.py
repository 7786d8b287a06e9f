"""`quietline status --follow`: the event stream of a running engine, a line for each thing that happens."""

from __future__ import annotations

import http.client
import json
import time
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from engine.cli.ask import NoEngine, ask
from engine.cli.console import print_json, say
from engine.config.trace import length

Message = dict[str, Any]
#: Seconds of silence after which an engine is gone (it says something every 15), and between two tries to reach it again.
SILENCE, AGAIN = 40.0, 1.0


def follow(state: Path, as_json: bool) -> None:
    """Print what happens until the engine is gone. Raises NoEngine at the beginning where none runs."""
    pages, last = str(ask(state, "GET", "/status")["pages"]), ""
    while True:
        try:
            for number, message in messages(pages, last):
                last = number
                tell(message, as_json)
        except (OSError, http.client.HTTPException):
            pass  # cut off: what was missed is told again
        time.sleep(AGAIN)
        try:
            pages = str(ask(state, "GET", "/status")["pages"])
        except NoEngine:
            if not as_json:
                say("The engine has ended.")
            return


def messages(pages: str, last: str) -> Iterator[tuple[str, Message]]:
    """Messages of the stream after one of them, each with its number, until it is cut. Raises OSError or HTTPException."""
    address = urlsplit(pages)
    connection = http.client.HTTPConnection(address.hostname or "", address.port, timeout=SILENCE)
    try:
        connection.request("GET", "/events", headers={"Last-Event-ID": last} if last else {})
        answer = connection.getresponse()
        if answer.status != http.client.OK:
            raise http.client.HTTPException(answer.reason)
        for line in answer:
            name, _, value = line.decode().rstrip("\n").partition(": ")
            if name == "id":
                last = value
            elif name == "data":
                yield last, json.loads(value)
    finally:
        connection.close()


def tell(message: Message, as_json: bool) -> None:
    """One message, as it came or in words."""
    if as_json:
        print_json(message)
        return
    at = datetime.fromtimestamp(message["at"]).strftime("%H:%M:%S")
    for line in words(message):
        say(f"{at}  {line}")


def words(message: Message) -> list[str]:
    """A message in words; a snapshot is a line for each queue with somebody in it, and each agent who is there."""
    match message["type"]:
        case "snapshot":
            queues = [queue(name, told) for name, told in message["queues"].items() if told["callers"]]
            agents = message["agents"].items()
            return queues + [agent(name, told) for name, told in agents if told["state"] != "logged_out"]
        case "queue":
            return [queue(message["queue"], message)]
        case "agent":
            return [agent(message["agent"], message)]
        case "offer":
            why = f": {plain(message['why'])}" if message.get("why") else ""
            return [f"call {message['contact']}: agent {message['agent']} {plain(message['event'])}{why}"]
        case "missed":
            return [f"{message['count']} messages were missed"]
        case _:
            told = " ".join(f"{k} {plain(v)}" for k, v in message["data"].items() if v not in (None, ""))
            return [f"call {message['contact']}: {plain(message['event'])}{'  ' if told else ''}{told}"]


def queue(name: str, told: Message) -> str:
    """A queue in a line."""
    waits = told["waiting"] + told["being_offered"]
    longest = f", the longest {length(told['longest_wait_s'])}" if waits else ""
    closed = "" if told["open"] else "; closed"
    people = f"{told['ready']} ready, {told['talking']} talking, {told['paused']} paused"
    return f"queue {name}: {waits} waiting{longest}; {people}{closed}"


def agent(name: str, told: Message) -> str:
    """An agent in a line."""
    why = f" ({plain(told['reason'])})" if told["reason"] else ""
    return f"agent {' '.join(filter(None, (name, told['title'])))}: {plain(told['state'])}{why}"


def plain(value: Any) -> str:
    """A word of the log as people write it."""
    return str(value).replace("_", " ")
