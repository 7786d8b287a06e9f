"""Public holidays of a country or one of its regions (`BG`, `GB-ENG`) -> local dates and names."""

from __future__ import annotations

from datetime import date

from engine.config.kinds import Wrong, short
from engine.config.report import guess

#: Holidays are resolved for the year of the check and this many after it.
YEARS_AHEAD = 2


def region(text: str) -> str:
    """A country code, or country-region; raises Wrong where there is none of that name."""
    import holidays  # here, because it costs 0.1 s that a site without holidays need not pay

    known = holidays.list_supported_countries()
    country, dash, part = text.partition("-")
    if country not in known:
        shorter = f"did you mean '{country[:2]}'?" if country[:2] in known else guess(country, known)
        hint = shorter or "a two-letter country code such as BG, or country-region such as GB-ENG"
        raise Wrong(f"no calendar of holidays is known for {short(country)}", hint)
    if dash and part not in known[country]:
        hint = guess(part, known[country]) or f"write {country} alone"
        raise Wrong(f"{country} has no region {short(part)} with holidays of its own", hint)
    return text


def public_holidays(place: str, first_year: int) -> dict[date, str]:
    """The holidays of a region from `first_year` on, by local date; `place` has passed `region`."""
    import holidays

    country, _, part = place.partition("-")
    years = range(first_year, first_year + YEARS_AHEAD + 1)
    # In English everywhere: by default the library follows the locale of whoever starts the engine.
    found = holidays.country_holidays(country, subdiv=part or None, years=years, language="en_US")
    return {day: str(name) for day, name in sorted(found.items())}
