"""The processes that recognise, apart from the engine: `python -m engine.speech.worker FOLDER FD`.

    holder     loads the model once (seconds, hundreds of megabytes), says so, and then only makes listeners: for every socket
               that it is sent it forks one, which shares the model's memory
    listener   hears many callers over its socket, one stretch of sound after the other, a thread for nothing

A listener that crashes takes its own callers' ears with it and nothing else; a new one is there in milliseconds. The holder
decodes nothing, so nothing that a caller says can crash it. Each ends when the other end of its socket is closed: nobody outlives the
engine, and a listener outlives a holder that is lost. What they say to each other stands in `engine.speech.wire`.
"""

from __future__ import annotations

import os
import signal
import socket
import sys
from collections import deque
from typing import Final

from engine.core.heard import Began, Hypothesis
from engine.speech.decoder import Model, VoskModel
from engine.speech.listener import Listener
from engine.speech.wire import (
    ACK,
    BEGAN,
    CLOSE,
    DONE,
    HELLO,
    HYPOTHESIS,
    UNKNOWN,
    VERSION,
    Frame,
    Unpacker,
    packed,
)

#: Seconds of sound of one utterance between two words about how much of it has been heard.
ACKS: Final = 0.5
#: Bytes taken from the socket at once.
TAKE: Final = 1 << 16
#: The engine's priority less this: recognising waits for calls, not calls for it.
NICE: Final = 5


class Listening:
    """Everybody who is heard over one socket. Raises BadFrame where the other end is not the engine."""

    def __init__(self, model: Model, engine: socket.socket) -> None:
        self._model = model
        self._engine = engine
        self._unpacker = Unpacker()
        self._listeners: dict[int, Listener] = {}
        self._acked: dict[int, float] = {}
        self._waiting: deque[Frame] = deque()

    def run(self) -> None:
        """Until the engine closes the socket. What has come is looked through before sound is heard: who is closed is not."""
        self._tell(HELLO, 0, {"version": VERSION})
        while self._take(wait=not self._waiting):
            if self._waiting:
                self._do(self._waiting.popleft())

    def _take(self, wait: bool) -> bool:
        """Read what has come; False at the end."""
        flags = 0 if wait else socket.MSG_DONTWAIT
        try:
            data = self._engine.recv(TAKE, flags)
        except BlockingIOError:
            return True
        for frame in self._unpacker.push(data):
            if frame.kind == CLOSE:
                self._close(frame.utterance)
            else:
                self._waiting.append(frame)
        return bool(data)

    def _close(self, utterance: int) -> None:
        self._forget(utterance)
        self._waiting = deque(frame for frame in self._waiting if frame.utterance != utterance)

    def _forget(self, utterance: int) -> None:
        self._listeners.pop(utterance, None)
        self._acked.pop(utterance, None)

    def _do(self, frame: Frame) -> None:
        utterance = frame.utterance
        match frame.kind:
            case b"O":
                self._listeners[utterance] = Listener(self._model.decoder(frame.json()))
                self._acked[utterance] = 0.0
            case b"S" if utterance in self._listeners:
                self._hear(utterance, self._listeners[utterance], frame.data)
            case b"F" if utterance in self._listeners:
                for heard in self._listeners[utterance].finish():
                    self._heard(utterance, heard)
                self._forget(utterance)
                self._tell(DONE, utterance)
            case b"K":
                self._tell(UNKNOWN, utterance, [one for one in frame.json() if not self._model.knows(one)])

    def _hear(self, utterance: int, listener: Listener, sound: bytes) -> None:
        for heard in listener.push(sound):
            self._heard(utterance, heard)
        if listener.at - self._acked[utterance] >= ACKS:
            self._acked[utterance] = listener.at
            self._tell(ACK, utterance, listener.at)

    def _heard(self, utterance: int, heard: Began | Hypothesis) -> None:
        match heard:
            case Began(at):
                self._tell(BEGAN, utterance, at)
            case Hypothesis():
                self._tell(HYPOTHESIS, utterance, heard.told())

    def _tell(self, kind: bytes, utterance: int, data: object = b"") -> None:
        self._engine.sendall(packed(kind, utterance, data))


def hold(model: Model, engine: socket.socket) -> None:
    """Fork a listener for every socket that the engine sends, until it closes this one."""
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # listeners that end leave nothing behind
    engine.sendall(packed(HELLO, 0, {"version": VERSION}))
    while True:
        data, sent, _, _ = socket.recv_fds(engine, 1, 1)
        if not data:
            return
        for number in sent:
            with socket.socket(fileno=number) as listener:
                if os.fork() == 0:
                    engine.close()
                    listen(model, listener)


def listen(model: Model, engine: socket.socket) -> None:
    """Be a listener, and end."""
    try:
        Listening(model, engine).run()
    except (ConnectionError, KeyboardInterrupt):
        pass  # the engine has gone, or goes
    finally:
        sys.stderr.flush()
        os._exit(0)


def main(folder: str, number: str) -> None:
    """Load the model, and hold it."""
    signal.signal(
        signal.SIGINT, signal.SIG_IGN
    )  # a terminal's ^C is the engine's; it closes our socket in time
    os.nice(NICE)
    with socket.socket(fileno=int(number)) as engine:
        hold(VoskModel(folder), engine)


if __name__ == "__main__":
    main(*sys.argv[1:])
