"""The verbs of the language, by their keywords: what stands in a step's list of actions."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from engine.core.flow import Action, keyword
from engine.core.verbs.asking import Ask, Language, Menu, RecordName, Say, SayBack
from engine.core.verbs.entitling import Entitlement
from engine.core.verbs.manning import AgentDesk
from engine.core.verbs.noting import Answers, Comment, Request, Status, Survey, Voicemail
from engine.core.verbs.reaching import Webhook
from engine.core.verbs.recalling import Callback
from engine.core.verbs.ruling import Override
from engine.core.verbs.telling import Bulletin
from engine.core.verbs.turning import Back, Goto, Hangup, Hours, Run, Set, Switch
from engine.core.verbs.waiting import Queue, Transfer

__all__ = [
    "VERBS",
    "AgentDesk",
    "Answers",
    "Ask",
    "Back",
    "Bulletin",
    "Callback",
    "Comment",
    "Entitlement",
    "Goto",
    "Hangup",
    "Hours",
    "Language",
    "Menu",
    "Override",
    "Queue",
    "RecordName",
    "Request",
    "Run",
    "Say",
    "SayBack",
    "Set",
    "Status",
    "Survey",
    "Switch",
    "Transfer",
    "Voicemail",
    "Webhook",
]

#: In the order of the manual.
VERBS: Mapping[str, type[Action]] = MappingProxyType(
    {
        keyword(verb): verb
        for verb in (
            *(
                Say,
                Language,
                Menu,
                Ask,
                RecordName,
                SayBack,
                Set,
                Switch,
                Hours,
                Entitlement,
                Goto,
                Run,
                Back,
            ),
            *(
                Queue,
                Callback,
                Transfer,
                Voicemail,
                Comment,
                Request,
                Status,
                Survey,
                Bulletin,
                Answers,
                Webhook,
                Override,
                AgentDesk,
                Hangup,
            ),
        )
    }
)
