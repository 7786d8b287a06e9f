"""The trade's ratios, each by its name.

    A    answered                         A_T  answered within T                 F  moved to another queue, by rule or by key
    B    abandoned, short ones included   B_T  abandoned within T                W  still waiting, longer than T already
    B_s  abandoned in less than s

    sl_offered         A_T / (A + B + W)              the default: abandoned calls count against it
    sl_excl_short      A_T / (A + B + W - B_s)        short abandons do not
    sl_excl_abn_in_t   A_T / (A + B + W - B_T)        no caller who gave up within T does
    sl_abn_positive    (A_T + B_T) / (A + B + W)      whoever gave up within T counts for it
    sl_answered_only   A_T / A                        hides who gave up: shown, never the default

A contact counts once its service level is decided: answered, abandoned, or T has passed. One that waits and is below T is undetermined and
in none of these. On request F stands in every denominator but the last. A ratio of nothing is None, never 0 or 1.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil

SERVICE_LEVELS = ("sl_offered", "sl_excl_short", "sl_excl_abn_in_t", "sl_abn_positive", "sl_answered_only")


@dataclass(frozen=True, slots=True)
class Decided:
    """Contacts whose service level is decided, counted."""

    answered: int
    answered_in_t: int
    abandoned: int  # B: short ones included
    abandoned_in_t: int
    short: int
    flow_out: int = 0
    overdue: int = 0  # W


def ratio(part: float, whole: float) -> float | None:
    """A part of a whole; None of nothing."""
    return part / whole if whole > 0 else None


def service_levels(c: Decided, flow_outs: bool = False) -> dict[str, float | None]:
    """All five, by name; `flow_outs` counts contacts that were moved against them."""
    whole = c.answered + c.abandoned + c.overdue + (c.flow_out if flow_outs else 0)
    return {
        "sl_offered": ratio(c.answered_in_t, whole),
        "sl_excl_short": ratio(c.answered_in_t, whole - c.short),
        "sl_excl_abn_in_t": ratio(c.answered_in_t, whole - c.abandoned_in_t),
        "sl_abn_positive": ratio(c.answered_in_t + c.abandoned_in_t, whole),
        "sl_answered_only": ratio(c.answered_in_t, c.answered),
    }


def mean(values: Sequence[float]) -> float | None:
    """The mean; None of nothing."""
    return ratio(sum(values), len(values))


def quantile(values: Sequence[float], share: float) -> float | None:
    """The smallest of the values that this share of them does not exceed (nearest rank); None of nothing."""
    ordered = sorted(values)
    return ordered[max(0, ceil(share * len(ordered)) - 1)] if ordered else None


def occupancy(busy: float, ready: float) -> float | None:
    """Busy seconds (ringing, talk with hold, wrap-up) of all in which an agent was busy or ready."""
    return ratio(busy, busy + ready)


def utilisation(handling: float, ready: float, signed_in: float) -> dict[str, float | None]:
    """Handling seconds of those signed in, and handling and ready ones: two figures, for the trade means either by the word."""
    return {
        "utilisation_handling": ratio(handling, signed_in),
        "utilisation_available": ratio(handling + ready, signed_in),
    }
