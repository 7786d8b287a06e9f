"""Scenarios: SIPp files that say in their first comment what they do and what must come of it.

The comment before `<scenario>` is YAML:

    about     one sentence                                   (required)
    role      caller | agent                                 (required)
    number    what the caller dials                          (required for a caller)
    outcome   one outcome of the contact record, or several  (required for a caller)
    queue     the queue the record must name, or several
    agent     the agent the record must name, or several
    agents    the agent scenario the phones must play, when the outcome depends on it

A tester adds a scenario by adding a file. A mix is a YAML file of scenario names and weights; a weight may be a mapping
with `weight`, and with `outcome` where the mix allows other outcomes than the scenario alone would:

    agents: uas-agent-answers-short.xml
    uac-press-1-agent-answers: 6
    uac-hangs-up-waiting: {weight: 1, outcome: [abandoned, answered]}
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import yaml

from engine.core.contact import Outcome
from engine.errors import SiteError

AGENTS_ANSWER = "uas-agent-answers.xml"
ROLES = ("caller", "agent")
KEYS = ("about", "role", "number", "outcome", "queue", "agent", "agents")
COMMENT = re.compile(r"\A(?:<\?xml[^>]*\?>)?\s*<!--(.*?)-->", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Scenario:
    """One scenario and its expectation; empty sets expect nothing in particular."""

    path: Path
    about: str
    role: str
    number: str = ""
    outcome: frozenset[str] = frozenset()
    queue: frozenset[str] = frozenset()
    agent: frozenset[str] = frozenset()
    agents: str | None = None

    @property
    def name(self) -> str:
        """The file's name without its suffix."""
        return self.path.stem


@dataclass(frozen=True, slots=True)
class Mix:
    """Caller scenarios and how many of the calls each gets, relative to the others; `agents` is what the phones play."""

    shares: tuple[tuple[Scenario, float], ...]
    agents: str | None = None


def read_scenario(path: Path) -> Scenario:
    """Read a scenario's first comment. Raises SiteError with one sentence when it cannot be used."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise SiteError(f"{path}: cannot be read ({reason(error)}): correct the name or the file") from error
    if (comment := COMMENT.match(text)) is None:
        raise SiteError(
            f"{path}:1: begins with no comment: say `about`, `role`, `number` and `outcome` in one"
        )
    front = mapping(path, comment.group(1))
    refuse_unknown(path, front)
    return expectation(path, front)


def reason(error: Exception) -> str:
    """Why a file cannot be read, without the name it has already."""
    return (error.strerror or str(error)) if isinstance(error, OSError) else "it is not UTF-8 text"


def mapping(path: Path, text: str) -> Mapping[str, Any]:
    """YAML text as a mapping; anything else is one sentence."""
    try:
        data = yaml.load(text, Loader=yaml.CSafeLoader)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f", line {mark.line + 1} of it" if mark else ""
        raise SiteError(f"{path}: the YAML in it cannot be read{where}: write `key: value` lines") from error
    if data is None:
        raise SiteError(f"{path}: holds nothing: write `key: value` lines")
    if not isinstance(data, Mapping):
        raise SiteError(f"{path}: `key: value` lines are wanted, found {type(data).__name__}")
    return data


def refuse_unknown(path: Path, front: Mapping[str, Any]) -> None:
    """Raise SiteError for a key nobody reads, with the nearest one that exists."""
    for key in front:
        if key not in KEYS:
            near = difflib.get_close_matches(str(key), KEYS, 1)
            hint = f"did you mean `{near[0]}`?" if near else f"known are {', '.join(KEYS)}"
            raise SiteError(f"{path}: unknown key `{key}` in its first comment: {hint}")


def expectation(path: Path, front: Mapping[str, Any]) -> Scenario:
    """The scenario its comment describes; raises SiteError for what is missing or unknown."""
    role = str(front.get("role", ""))
    if role not in ROLES:
        raise SiteError(f"{path}: `role` is {role or 'missing'}: write caller or agent")
    wanted = ("about",) if role == "agent" else ("about", "number", "outcome")
    if missing := [key for key in wanted if not front.get(key)]:
        raise SiteError(f"{path}: `{missing[0]}` is missing from its first comment: add it")
    return Scenario(
        path,
        str(front["about"]),
        role,
        str(front.get("number", "")),
        outcomes(path, front.get("outcome")),
        names(front.get("queue")),
        names(front.get("agent")),
        str(front["agents"]) if front.get("agents") else None,
    )


def names(value: object) -> frozenset[str]:
    """One name or a list of names as a set."""
    if value is None:
        return frozenset()
    return frozenset(map(str, value)) if isinstance(value, list) else frozenset({str(value)})


def outcomes(path: Path, value: object) -> frozenset[str]:
    """Outcomes of a contact record; raises SiteError for a word no record has."""
    found = names(value)
    for word in sorted(found - set(Outcome)):
        raise SiteError(f"{path}: no contact ends as `{word}`: choose among {', '.join(Outcome)}")
    return found


def find(name: str, folder: Path) -> Path:
    """The file of a scenario or mix by name, with or without its suffix, or by path. Raises SiteError with the nearest name."""
    for candidate in (Path(name), folder / name, folder / f"{name}.xml", folder / f"{name}.yaml"):
        if candidate.exists() and not candidate.is_dir():  # also a pipe
            return candidate
    try:
        known = sorted(path.stem for path in folder.iterdir() if path.suffix in (".xml", ".yaml"))
    except OSError as error:
        raise SiteError(
            f"{folder}: cannot be read ({reason(error)}): name the folder of scenarios with --scenarios"
        ) from error
    near = difflib.get_close_matches(name, known, 1)
    hint = f"did you mean {near[0]}?" if near else f"known are {', '.join(known) or 'none'}"
    raise SiteError(f"{folder} holds no scenario {name}: {hint}")


def sounds(path: Path) -> list[str]:
    """The files a scenario plays, as it names them."""
    played = re.findall(
        r"""(?:rtp_stream|play_pcap_audio)\s*=\s*["']([^"',]+)""", path.read_text(encoding="utf-8")
    )
    return sorted({name for name in played if name not in ("pause", "resume") and "[" not in name})


def read_caller(name: str, folder: Path) -> Scenario:
    """A caller's scenario by name; raises SiteError when it is an agent's."""
    scenario = read_scenario(find(name, folder))
    if scenario.role != "caller":
        raise SiteError(
            f"{scenario.path}: is an agent's phone and calls nobody: choose a scenario with role caller"
        )
    return scenario


def read_mix(path: Path, folder: Path) -> Mix:
    """Read a mix. Raises SiteError with one sentence when it or a scenario of it cannot be used."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise SiteError(f"{path}: cannot be read ({reason(error)}): correct the name or the file") from error
    data = dict(mapping(path, text))
    agents = data.pop("agents", None)
    shares = tuple(share(path, folder, str(name), entry) for name, entry in data.items())
    if not shares:
        raise SiteError(f"{path}: names no scenario: write `scenario: weight` lines")
    return Mix(shares, str(agents) if agents else None)


def share(path: Path, folder: Path, name: str, entry: object) -> tuple[Scenario, float]:
    """One line of a mix as a scenario and its weight."""
    scenario = read_caller(name, folder)
    options: Mapping[str, Any] = entry if isinstance(entry, Mapping) else {"weight": entry}
    if unknown := set(options) - {"weight", "outcome"}:
        raise SiteError(
            f"{path}: `{name}` has the unknown option `{min(unknown)}`: weight and outcome are known"
        )
    weight = options.get("weight", 1)
    if isinstance(weight, bool) or not isinstance(weight, int | float) or weight <= 0:
        raise SiteError(f"{path}: the weight of `{name}` is {weight}: write a number above 0")
    if "outcome" in options:
        scenario = replace(scenario, outcome=outcomes(path, options["outcome"]))
    return scenario, float(weight)


def apportion(total: int, weights: list[float]) -> list[int]:
    """Split `total` calls by weight, largest remainders first, so that the parts add up to it."""
    exact = [total * weight / sum(weights) for weight in weights]
    parts = [int(part) for part in exact]
    by_remainder = sorted(range(len(parts)), key=lambda i: (parts[i] - exact[i], i))
    for index in by_remainder[: total - sum(parts)]:
        parts[index] += 1
    return parts


def phones_script(mix: Mix) -> str:
    """What the agents' phones play: the mix's word, else the one wish of its scenarios. Raises SiteError when wishes differ."""
    if mix.agents:
        return mix.agents
    wishes = {scenario.agents for scenario, _ in mix.shares}
    if len(wishes) > 1:
        listed = ", ".join(f"{s.name} ({s.agents or AGENTS_ANSWER})" for s, _ in mix.shares)
        raise SiteError(
            f"these scenarios want different agents: {listed}: name one with `agents:` in the mix"
        )
    return wishes.pop() or AGENTS_ANSWER
