"""One connection to AMI: opened with a deadline, closed for good when it ends.

The wire is panoramisk's; how it connects is not. Its own manager logs in again every two seconds for ever, also with a password that was
refused, and waits for ever for a peer that says nothing. Here a connection ends once, with a reason, and whoever holds it decides.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

from panoramisk import Manager
from panoramisk.ami_protocol import AMIProtocol
from panoramisk.message import Message

from engine.errors import PbxUnreachable, SetupError

#: Seconds within which AMI lets us in, and within which it answers.
DEADLINE: Final = 5.0
#: Its manager pings without minding the answers; we ask ourselves.
NEVER: Final = 365 * 86_400

#: The kinds of events we come for: contacts, RTCP, and who is turned away; and what phones do besides.
EVENTS: Final = "system,reporting,security"
CALLS: Final = ",call"

Hear = Callable[[Message], None]


@dataclass(frozen=True, slots=True)
class Access:
    """Where AMI listens, and as whom we come."""

    host: str
    port: int
    username: str
    password: str


class _Wire(AMIProtocol):  # type: ignore[misc]
    """panoramisk's protocol, for messages in which a stranger may have written.

    Asterisk 22.10.1 puts the name that somebody registers with into its security events as it is, line breaks included (`%0d%0a` in the
    URI). So a message may carry any field twice, and whole messages may be forged. One whose kind is not plain is left out, and nobody can
    say that Asterisk shuts down: the end of the connection tells that.
    """

    def handle_message(self, message: Message) -> None:
        """Hand a message on, where its kind and whom it answers are plain."""
        plain = not any(
            isinstance(message.get(name), list) for name in ("event", "response", "actionid", "commandid")
        )
        if plain and message.event != "Shutdown":
            super().handle_message(message)


class Link:
    """An open connection. Its manager is told of its end, and opens no other one."""

    def __init__(self, manager: Manager, lost: asyncio.Future[None]) -> None:
        self._manager = manager
        self._lost = lost

    def hear(self, event: str, hear: Hear) -> None:
        """Call this with every event of a name."""
        self._manager.register_event(event, lambda _, message: hear(message))

    def at_the_end(self, do: Callable[[], None]) -> None:
        """Do something when the connection has ended from the other side."""
        self._lost.add_done_callback(lambda _: do())

    async def ask(self, action: str, **fields: str) -> list[Message]:
        """All that an action answers: its response, or its list of events. Raises PbxUnreachable, SetupError where it is refused."""
        told = await self._within(self._manager.send_action({"Action": action, **fields}), action)
        answers = told if isinstance(told, list) else [told]
        if not answers[0].success:
            raise SetupError(f"AMI refuses {action} ({answers[0].message})")
        return answers

    async def _within(self, answer: asyncio.Future[Any], action: str) -> Any:
        await asyncio.wait({answer, self._lost}, timeout=DEADLINE, return_when=asyncio.FIRST_COMPLETED)
        if not answer.done():
            why = "is closed" if self._lost.done() else f"does not answer {action} within {DEADLINE:g} s"
            raise PbxUnreachable(f"AMI {why}")
        return answer.result()

    async def let_in(self) -> None:
        """Wait for the answer to the login. Raises PbxUnreachable, or SetupError where user name or password are wrong."""
        answer = await self._within(self._manager.authenticated_future, "Login")
        if not answer.success:
            raise SetupError(f"AMI refuses the login ({answer.message})")


@asynccontextmanager
async def opened(access: Access, calls: bool = False) -> AsyncIterator[Link]:
    """A connection until the end of the block; `calls`: also to hear which phones are in use.

    Raises PbxUnreachable where nobody listens, SetupError where we are refused.
    """
    loop = asyncio.get_running_loop()
    manager, lost = Manager(loop=loop, ping_delay=NEVER, **_config(access, calls)), loop.create_future()
    manager.connection_lost = partial(_ended, lost)
    try:
        async with asyncio.timeout(DEADLINE):
            made = await loop.create_connection(_Wire, access.host, access.port)
    except OSError as error:  # a deadline that has passed is one, too
        why = error.strerror or "no answer"
        raise PbxUnreachable(f"AMI at {access.host}:{access.port} cannot be reached ({why})") from error
    done = loop.create_future()
    done.set_result(made)
    try:
        manager.connection_made(done)
        link = Link(manager, lost)
        await link.let_in()
        yield link
    finally:
        manager.close()


def _ended(lost: asyncio.Future[None], _: object) -> None:
    if not lost.done():
        lost.set_result(None)


def _config(access: Access, calls: bool) -> Mapping[str, Any]:
    return {
        "host": access.host,
        "port": access.port,
        "username": access.username,
        "secret": access.password,
        "events": EVENTS + CALLS * calls,
    }
