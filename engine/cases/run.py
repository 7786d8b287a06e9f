"""All cases of a site, one after the other; holidays are those of the year a case's clock shows."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path

from engine.cases.play import Result, judged, walk
from engine.cases.watch import Branch, Watch
from engine.config.calendars import YEARS_AHEAD
from engine.config.casefile import Case
from engine.config.load import Loaded, load_unrecorded
from engine.core.site import Settings


@dataclass(slots=True)
class Runner:
    """Runs cases of one site's folder, and keeps what they reach."""

    folder: Path
    site: Loaded
    _years: dict[int, Settings] = field(default_factory=dict)
    _watches: dict[str, Watch] = field(default_factory=dict)

    def run(self, cases: Iterable[Case], tell: Callable[[Result], None] = lambda _: None) -> list[Result]:
        """Every case's result, in order; each is told as it comes."""
        results: list[Result] = []
        for case in cases:
            watch = self._watches.setdefault(case.flow.name, Watch(case.flow))
            results.append(judged(case, walk(case, self.settings(case.at), self.site.catalog, watch)))
            tell(results[-1])
        return results

    @property
    def seen(self) -> set[Branch]:
        """Everything the cases have passed."""
        return {branch for watch in self._watches.values() for branch in watch.branches}

    def settings(self, at: float | None) -> Settings:
        """The site's settings with the holidays of that moment."""
        year = datetime.now(UTC).year if at is None else datetime.fromtimestamp(at, UTC).year
        if at is None or 0 < year - datetime.now(UTC).year < YEARS_AHEAD:
            return self.site.snapshot.settings
        if year not in self._years:  # from the year before: at the turn of the year clocks differ
            self._years[year] = load_unrecorded(self.folder, date(year - 1, 1, 1))[0].snapshot.settings
        return self._years[year]
