"""Verbs that ask somebody outside: services of the site."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import KW_ONLY, dataclass, field

from engine.core.do import Post
from engine.core.flow import Action, Asking, ServiceName, StepName, Text, Variable
from engine.core.way import Way


@dataclass(frozen=True, slots=True)
class Webhook(Action):
    """Ask a service of site.yaml: POST `send` as JSON, and take fields of its answer into variables.

    Nothing but the fields named in `into` is kept. Late, unreachable, refused, or an answer that lacks one of them: `on_failed`.
    """

    webhook: ServiceName
    _: KW_ONLY
    on_failed: StepName
    send: Mapping[Variable, Text] = field(default_factory=dict)
    into: Mapping[Variable, Variable] = field(default_factory=dict)

    def perform(self, way: Way) -> Asking:
        """Ask, and set what was answered."""
        secret = {
            str(name): held for name, text in self.send.items() if (held := way.secret(text)) is not None
        }
        data = {str(name): way.fill(text) for name, text in self.send.items() if name not in secret}
        came = yield Post(*way.here, self.webhook, data, secret, tuple(self.into))
        if came is None:
            return self.on_failed
        answer = json.loads(came)
        for name, variable in self.into.items():
            way.set(variable, answer[name])
        return None

    def sets(self) -> tuple[str, ...]:
        """What was answered."""
        return tuple(self.into.values())

    def confides(self) -> tuple[str, ...]:
        """What is sent."""
        return ("send",)
