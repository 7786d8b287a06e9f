"""The question of a survey that asks whether the matter is resolved: it is one of the survey's, and can be answered either way."""

from __future__ import annotations

from engine.config.flowfile import FlowFile
from engine.config.report import Report, guess
from engine.core.resolution import NO, YES
from engine.core.verbs import Survey

AT = "resolved_keys"


def check_surveys(flows: list[FlowFile], report: Report) -> None:
    """Every rule about it."""
    for flow in flows:
        for step, actions in flow.steps.items():
            for index, action in enumerate(actions):
                if isinstance(action, Survey):
                    _survey(flow, (step, index), action, report)


def _survey(flow: FlowFile, at: tuple[str, int], action: Survey, report: Report) -> None:
    place = flow.at(*at, AT, key=True)
    written, questions = place != flow.at(*at), [str(name) for name in action.questions]
    if action.resolved is None:
        if written:
            text = f"'{AT}' belongs to a question that asks whether the matter is resolved"
            report.warn(place, "not-used", text, "name it with resolved:, or delete it")
    elif action.resolved not in questions:
        text = f"this survey has no question '{action.resolved}'"
        hint = guess(action.resolved, questions) or f"it has {', '.join(questions)}"
        report.add(flow.at(*at, "resolved"), "unknown-question", text, hint)
    if written:
        _outside(flow, at, action, report)
    for word in (YES, NO):
        if written and word not in action.resolved_keys.values():
            text = f"no key means {word} here: nobody could ever say it"
            report.add(place, "one-sided-question", text, "write one like { 1: yes, 2: no }")


def _outside(flow: FlowFile, at: tuple[str, int], action: Survey, report: Report) -> None:
    """Keys that are taken as answers although the scale does not have them."""
    scale = action.scale
    for key in action.resolved_keys:
        if not scale.least <= int(key) <= scale.most:
            text = f"key {key} is outside the scale of this survey, {scale.least}-{scale.most}"
            place = flow.at(*at, AT, str(key), key=True)
            report.warn(place, "outside-scale", text, "write a key of the scale, or widen scale:")
