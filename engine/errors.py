"""Two families of errors that never mix.

Exception
├── EngineError            ours: logged, counted, somebody mends it
│   ├── SiteError          the site's files cannot be used; says what, where, what to do
│   ├── StoreError         the store cannot write or read (disk full, locked, no permission; NoStore: none is there yet)
│   ├── SetupError         this machine lacks something (port in use, Asterisk too old, no prompt); one clear sentence
│   │   ├── PortTaken      another program has a port that is wanted: another one may do
│   │   └── BadWord        something that somebody asks with cannot be used; `about` names it, for pages
│   └── AlreadyThere       a thing of this id was made before; after a lost link that is as good as having made it
└── WorldError             the world's: expected outcomes of a call, never a traceback
    ├── Gone               a channel, bridge, playback or recording of Asterisk's no longer exists or has left us
    ├── CallerGone         the caller hung up, or their channel no longer exists (CallerLost: while nobody could see it)
    ├── AgentUnreachable   the agent's phone is busy, silent, refused or unknown
    ├── SourceUnreachable  a source of customers does not answer, or not as it should
    └── PbxUnreachable     Asterisk does not answer; calls in it go on, we reconnect
"""

from __future__ import annotations


class EngineError(Exception):
    """Something of ours failed; the message is one sentence a person can act on."""


class SiteError(EngineError):
    """The site's files cannot be used; the text is the whole report, ready to print."""


class StoreError(EngineError):
    """The store cannot read or write."""


class NoStore(StoreError):
    """There is no store yet, or an empty one: no engine has written there."""


class SetupError(EngineError):
    """This machine or its configuration lacks something; the text says what to do."""


class PortTaken(SetupError):
    """Another program has a port that is wanted here; the text says which, whose, and what to do."""


class BadWord(SetupError):
    """Something that somebody asks with cannot be used, in one sentence; `about` names it: schedule, set, everything, by, why or until."""

    def __init__(self, sentence: str, about: str) -> None:
        super().__init__(sentence)
        self.about = about


class AlreadyThere(EngineError):
    """Asterisk has a thing of this id already: made before the link was lost, or an id used twice."""


class WorldError(Exception):
    """Something out there ended: an expected outcome, carried as an exception only to unwind."""


class Gone(WorldError):
    """A thing of Asterisk's no longer exists or is no longer ours; `args[0]` says which and what was asked of it."""


class CallerGone(WorldError):
    """The caller's channel no longer exists or has left the application."""


class CallerLost(CallerGone):
    """The caller's channel was gone when the link to Asterisk came back: nobody saw how the call ended.

    `args[1]` is the last moment at which it was known to go on, seconds since the epoch; `args[2]`: Asterisk itself had ended meanwhile.
    """


class AgentUnreachable(WorldError):
    """The agent's phone cannot be rung or did not answer; `args[0]` is the reason."""


class SourceUnreachable(WorldError):
    """A source of customers does not answer, or not as it should; `args[0]` is one word why, `args[1]` what it said."""


class PbxUnreachable(WorldError):
    """Asterisk does not answer; requests end with this instead of hanging."""
