"""The verbs of the language, by their keywords: what stands in a step's list of actions."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from engine.core.flow import Action, keyword
from engine.core.verbs.asking import Ask, Language, Menu, Say
from engine.core.verbs.turning import Back, Goto, Hangup, Hours, Run, Set, Switch
from engine.core.verbs.waiting import Queue, Voicemail

__all__ = [
    "VERBS",
    "Ask",
    "Back",
    "Goto",
    "Hangup",
    "Hours",
    "Language",
    "Menu",
    "Queue",
    "Run",
    "Say",
    "Set",
    "Switch",
    "Voicemail",
]

#: In the order of the manual.
VERBS: Mapping[str, type[Action]] = MappingProxyType(
    {
        keyword(verb): verb
        for verb in (Say, Language, Menu, Ask, Set, Switch, Hours, Goto, Run, Back, Queue, Voicemail, Hangup)
    }
)
