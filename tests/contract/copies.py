"""Every scenario with a site of its own, all in one engine, so that all can be played at once without meeting.

What they share is the trunk to the numbers outside, of which each copy has its own.

A copy's names end in the scenario's number: queue `desk_a` is `desk_a_07` in the seventh, agent `2001` is `200107`, and so are the numbers
people call from and dial. The copy is made of the text, before anything is read from it.
"""

from __future__ import annotations

import re
from itertools import chain
from pathlib import Path

import yaml

from engine.sim.scenario import Scenario, load_scenario

#: What belongs to one copy of the site, and what all share.
OWN = ("numbers", "schedules", "queues", "groups", "agents", "phones")


class Copies:
    """A site (a folder) and its scenarios (files), as many times as there are scenarios."""

    def __init__(self, site: Path, scenarios: list[Path]) -> None:
        self._site = site
        self._scenarios = scenarios
        head = yaml.load((site / "site.yaml").read_text(), Loader=yaml.CSafeLoader)
        words = {str(name) for section in OWN for name in head[section]} | set(self._flows())
        listed = "|".join(sorted(map(re.escape, words), key=len, reverse=True))
        self._names = re.compile(rf"\+\d{{12}}|\b(?:{listed})\b")

    def scenarios(self, folder: Path) -> list[Scenario]:
        """The scenarios, each in the names of its own copy; `folder` takes their texts."""
        folder.mkdir(parents=True, exist_ok=True)
        return [self._scenario(path, number, folder) for number, path in enumerate(self._scenarios)]

    def write_site(self, folder: Path) -> None:
        """Write the site that holds all copies; its prompts lie where the original's do."""
        text = (self._site / "site.yaml").read_text()
        whole = yaml.load(text, Loader=yaml.CSafeLoader)
        for section in OWN:
            whole[section] = {}
        for number in range(len(self._scenarios)):
            copy = yaml.load(self._renamed(text, number), Loader=yaml.CSafeLoader)
            for section in OWN:
                whole[section] |= copy[section]
            self._write_flows(folder, number)
        (folder / "site.yaml").write_text(yaml.dump(whole, Dumper=yaml.CSafeDumper))

    def _write_flows(self, folder: Path, number: int) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        for file in self._site.glob("*.csv"):
            (folder / file.name).write_text(file.read_text())
        for name in self._flows():
            text = (self._site / f"{name}.yaml").read_text()
            (folder / f"{self._renamed(name, number)}.yaml").write_text(self._renamed(text, number))

    def _flows(self) -> list[str]:
        return [path.stem for path in self._site.glob("*.yaml") if path.stem != "site"]

    def _scenario(self, path: Path, number: int, folder: Path) -> Scenario:
        copy = folder / path.name
        copy.write_text(self._renamed(path.read_text(), number))
        return load_scenario(copy)

    def _renamed(self, text: str, number: int) -> str:
        def rename(found: re.Match[str]) -> str:
            name = found.group()
            return f"{name}{number:02}" if name[-1].isdigit() else f"{name}_{number:02}"

        return self._names.sub(rename, text)


def together(scenarios: list[Scenario]) -> Scenario:
    """All of them as one."""
    return Scenario(
        "together",
        "all scenarios at once",
        tuple(chain.from_iterable(one.callers for one in scenarios)),
        {name: plan for one in scenarios for name, plan in one.agents.items()},
        tuple(chain.from_iterable(one.ready for one in scenarios)),
        outside={name: plan for one in scenarios for name, plan in one.outside.items()},
        orders=tuple(chain.from_iterable(one.orders for one in scenarios)),
    )
