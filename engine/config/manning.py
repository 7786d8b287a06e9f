"""What must hold between agents, their phones, pause reasons and wrap-up codes."""

from __future__ import annotations

from engine.config.flowfile import FlowFile
from engine.config.prompts import Catalog
from engine.config.report import Report, guess, in_languages
from engine.config.sitefile import SiteFile
from engine.core import verbs
from engine.core.agent import OWN_REASONS
from engine.core.site import Settings


def check_manning(site: SiteFile, flows: list[FlowFile], catalog: Catalog | None, report: Report) -> None:
    """Every rule of them that needs a readable site."""
    for name, place in site.names("pause_reasons").items():
        if name in OWN_REASONS:
            text = f"agents are paused as '{name}' by the distributor itself"
            report.add(place, "reserved-name", text, "give the reason another name")
    if site.settings is None:
        return
    _queues(site, site.settings, report)
    _agents(site, site.settings, report)
    for section in ("pause_reasons", "wrap_up_codes"):
        if catalog is not None:
            _prompts(site, section, catalog, report)
        if asked_by_phone(flows):
            _told(site, section, report)


def _queues(site: SiteFile, settings: Settings, report: Report) -> None:
    for name, queue in settings.queues.items():
        if queue.wrap_up_required and not queue.wrap_up_codes:
            text = f"queue '{name}' wants a wrap-up code, but has none to give"
            report.add(
                site.at("queues", name, key=True), "no-wrap-up-codes", text, "write wrap_up_codes: […]"
            )


def _agents(site: SiteFile, settings: Settings, report: Report) -> None:
    for name, agent in settings.agents.items():
        if agent.ready and not agent.has_phone:
            text = f"agent '{name}' is to be ready at the start, but has no phone"
            report.add(
                site.at("agents", name, "ready"), "agent-phone", text, "leave out ready, or give them a phone"
            )
        if agent.language is not None and agent.language not in settings.languages:
            text = f"'{agent.language}' is not among the languages of site.yaml"
            hint = guess(agent.language, settings.languages) or f"it has {', '.join(settings.languages)}"
            report.add(site.at("agents", name, "language"), "unknown-language", text, hint)
    for name in settings.phones:
        if name in settings.numbers:
            text = f"phone '{name}' registers under a number that callers dial"
            report.add(site.at("phones", name, key=True), "same-name", text, "give the phone another name")


def asked_by_phone(flows: list[FlowFile]) -> bool:
    """Do agents choose over the phone?"""
    every = (action for file in flows for actions in file.steps.values() for action in actions)
    return any(isinstance(action, verbs.AgentDesk) for action in every)


def _told(site: SiteFile, section: str, report: Report) -> None:
    """What a phone cannot tell, nobody can choose there."""
    for name, entry in getattr(site.settings, section).items():
        if entry.prompt is None:
            what = "pause reason" if section == "pause_reasons" else "wrap-up code"
            text = f"no phone can tell agents of {what} '{name}': it has no prompt"
            report.add(site.at(section, name, key=True), "untold-choice", text, "write prompt: and its id")


def _prompts(site: SiteFile, section: str, catalog: Catalog, report: Report) -> None:
    """A phone speaks them to agents of all languages."""
    assert site.settings is not None
    for name, entry in getattr(site.settings, section).items():
        wanted = [x for x in site.languages if x in catalog.languages]
        lacking = [x for x in wanted if entry.prompt is not None and not catalog.written(x, entry.prompt)]
        if lacking:
            text = f"prompt '{entry.prompt}' has no text {in_languages(lacking)}"
            hint = guess(entry.prompt, catalog.ids(lacking[0]))
            report.add(site.at(section, name, "prompt"), "missing-prompt", text, hint)
