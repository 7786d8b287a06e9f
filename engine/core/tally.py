"""What is counted for one queue, agent, site or flow in one interval, and the row of a report it makes.

A stay counts in the interval of its enqueue time (a callback's, and what goes on with another agent, in that of its conversation), an
offer in that of the offer, an agent's seconds in those they were spent in. Handled are answered callers, callbacks that were reached, and
conversations that went on with another agent: their talk (hold is inside it) and wrap-up are the handle time.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field

from engine.core.agent import AgentState
from engine.core.contact import Outcome
from engine.core.estimates import Promise, score
from engine.core.facts import CALLER, LOST
from engine.core.kpi import Decided, mean, occupancy, quantile, ratio, service_levels, utilisation
from engine.core.stays import Life, Offered, Stay

Value = str | int | float | None
Row = dict[str, Value]

#: How a contact leaves a queue: every one in exactly one of these ways.
OUTCOMES = (
    *("answered", "abandoned", "short_abandoned", "flow_out"),
    *("callback_taken", "timed_out", "refused", "failed"),
)
#: Ways an offer comes to nothing by the agent's side.
NOT_TAKEN = ("no_answer", "rejected", "busy", "unreachable")


@dataclass(frozen=True, slots=True)
class Terms:
    """What can be chosen afterwards: T and s in seconds, and whether contacts that were moved count against the service level."""

    within: float = 20.0
    short: float = 5.0
    flow_outs: bool = False


def outcome_of(stay: Stay, terms: Terms, now: float) -> str | None:
    """One of OUTCOMES, or None: the contact waits."""
    if stay.outcome == "abandoned" and stay.waited(now) < terms.short:
        return "short_abandoned"
    return stay.outcome


@dataclass(slots=True)
class Tally:
    """Counts of one row."""

    terms: Terms
    now: float
    entered: int = 0
    outcomes: Counter[str] = field(default_factory=Counter)
    waits: list[float] = field(default_factory=list)
    still: list[float] = field(default_factory=list)
    abandoned_in_t: int = 0
    handled: int = 0
    talk_s: float = 0.0
    hold_s: float = 0.0
    wrap_s: float = 0.0
    transferred: int = 0
    requeued: int = 0
    offers: Counter[str] = field(default_factory=Counter)
    states: defaultdict[str, float] = field(default_factory=lambda: defaultdict(float))
    callbacks: list[Life] = field(default_factory=list)
    promises: list[Promise] = field(default_factory=list)
    resolved: int = 0
    solved_at_once: int = 0
    provisional: bool = False
    #: What agents and callers have said of whether the matter is resolved, one for each contact.
    marks: list[bool] = field(default_factory=list)
    answers: list[bool] = field(default_factory=list)

    # --- what is counted ---

    def stay(self, stay: Stay) -> None:
        """Count a stay of a caller, or the conversation of a callback."""
        if stay.kind == CALLER:
            self._caller(stay)
        if stay.outcome == "answered":
            self.handled += 1
            self.talk_s += stay.talk_s or 0.0
            self.hold_s += stay.hold_s
            self.wrap_s += stay.wrap_s or 0.0
            self.transferred += stay.transferred
            self.requeued += stay.requeued

    def _caller(self, stay: Stay) -> None:
        self.entered += stay.began
        outcome, waited = outcome_of(stay, self.terms, self.now), stay.waited(self.now)
        if outcome is None:
            self.still.append(waited)
            return
        self.outcomes[outcome] += 1
        if outcome == "answered":
            self.waits.append(waited)
        self.abandoned_in_t += stay.outcome == "abandoned" and waited <= self.terms.within

    def offer(self, offer: Offered) -> None:
        """Count an offer."""
        self.offers[offer.why or "ringing"] += 1

    def span(self, state: str, seconds: float) -> None:
        """Count an agent's time in a state."""
        self.states[state] += seconds

    def first_contact(self, alone: bool, provisional: bool) -> None:
        """Count a contact whose request is resolved; `alone`: nobody called again about it."""
        self.resolved += 1
        self.solved_at_once += alone
        self.provisional |= provisional

    def mark(self, resolved: bool) -> None:
        """Count what an agent has said of a contact."""
        self.marks.append(resolved)

    def answer(self, resolved: bool) -> None:
        """Count what a caller has said in a survey."""
        self.answers.append(resolved)

    # --- the columns ---

    @property
    def conservation_error(self) -> int:
        """Contacts that entered, less those that left and those that wait: 0, or the log is not whole."""
        left = sum(self.outcomes[name] for name in OUTCOMES)
        return self.entered - left - len(self.still)

    @property
    def empty(self) -> bool:
        """True when there is nothing to tell."""
        counted = self.entered or self.outcomes or self.offers or self.handled or self.promises
        said = self.resolved or self.marks or self.answers
        return not (counted or said or self.signed_in or self.callbacks)

    @property
    def signed_in(self) -> float:
        """Seconds in any state but logged out."""
        return sum(seconds for state, seconds in self.states.items() if state != AgentState.LOGGED_OUT)

    def decided(self) -> Decided:
        """The contacts whose service level is decided."""
        within, out = self.terms.within, self.outcomes
        return Decided(
            answered=out["answered"],
            answered_in_t=sum(wait <= within for wait in self.waits),
            abandoned=out["abandoned"] + out["short_abandoned"],
            abandoned_in_t=self.abandoned_in_t,
            short=out["short_abandoned"],
            flow_out=out["flow_out"],
            overdue=sum(wait > within for wait in self.still),
        )

    def contacts(self) -> Row:
        """Contacts by how they left: conservation."""
        counts: Row = {name: self.outcomes[name] for name in OUTCOMES}
        return {
            "offered": self.entered,
            **counts,
            "waiting": len(self.still),
            "conservation_error": self.conservation_error,
        }

    def service(self) -> Row:
        """The five service levels, what they are made of, and the rates of those who were not served."""
        c, offered = self.decided(), self.entered
        return {
            "answered_in_t": c.answered_in_t,
            "abandoned_in_t": c.abandoned_in_t,
            "overdue": c.overdue,
            "undetermined": len(self.still) - c.overdue,
            **service_levels(c, self.terms.flow_outs),
            "abandonment_rate": ratio(c.abandoned - c.short, offered),
            "abandonment_rate_raw": ratio(c.abandoned, offered),
            "refusal_rate": ratio(self.outcomes["refused"], offered),
        }

    def waiting(self) -> Row:
        """How long callers waited: of the answered ones, and the longest who waits now."""
        return {
            "asa_s": mean(self.waits),
            "wait_median_s": quantile(self.waits, 0.5),
            "wait_p90_s": quantile(self.waits, 0.9),
            "longest_waiting_now_s": max(self.still, default=None),
        }

    def told(self) -> Row:
        """How far what callers were told of their wait was kept; of what was not told too."""
        made = score("", self.promises)
        return {
            "promises_judged": made.judged,
            "kept_promise_rate": made.kept_rate,
            "told_wait_mae_s": made.mae,
        }

    def handling(self) -> Row:
        """Talk and wrap-up, and what became of conversations."""
        return {
            "handled": self.handled,
            "handled_talk_s": round(self.talk_s, 3),
            "handled_hold_s": round(self.hold_s, 3),
            "handled_wrap_up_s": round(self.wrap_s, 3),
            "aht_s": ratio(self.talk_s + self.wrap_s, self.handled),
            "transfer_rate": ratio(self.transferred, self.handled),
            "requeue_rate": ratio(self.requeued, self.handled),
            **self.resolution(),
        }

    def resolution(self) -> Row:
        """Resolved at the first contact: by requests about which nobody called again, by what agents say, and by what callers say."""
        return {
            "fcr": ratio(self.solved_at_once, self.resolved),
            "fcr_provisional": self.provisional if self.resolved else None,
            "fcr_agent": ratio(sum(self.marks), len(self.marks)),
            "fcr_agent_marked": len(self.marks),
            "fcr_agent_yes": sum(self.marks),
            "fcr_survey": ratio(sum(self.answers), len(self.answers)),
            "fcr_survey_answered": len(self.answers),
            "fcr_survey_yes": sum(self.answers),
        }

    def offering(self) -> Row:
        """What became of offers; those that were withdrawn (the caller or the agent left) are the rest. What nobody saw counts nowhere."""
        failed: Row = {name: self.offers[name] for name in NOT_TAKEN}
        made = self.offers.total() - self.offers[LOST]
        return {
            "offers": made,
            "taken": self.offers["answered"],
            **failed,
            "no_answer_rate": ratio(self.offers["no_answer"], made),
        }

    def time(self) -> Row:
        """Agents' seconds in each state, and the ratios of them; a ringing phone keeps an agent busy."""
        s = self.states
        signed_in = self.signed_in
        handling = s[AgentState.TALKING] + s[AgentState.WRAP_UP]
        ready, ringing = s[AgentState.READY], s[AgentState.RESERVED]
        named = {f"{state}_s": round(s[state], 3) for state in AgentState if state != AgentState.LOGGED_OUT}
        return {
            **named,
            "signed_in_s": round(signed_in, 3),
            "occupancy": occupancy(ringing + handling, ready),
            **utilisation(handling, ready, signed_in),
        }

    def back(self) -> Row:
        """Callbacks by what became of them: requested is what the others add up to, whyever nobody was reached."""
        made = self.callbacks
        outcomes = Counter(life.outcome for life in made)
        spoken, called_off, going_on = (outcomes[one] for one in (Outcome.ANSWERED, Outcome.CANCELLED, None))
        delays = [c.connected_at - c.arrived_at for c in made if c.connected_at is not None]
        return {
            "callbacks_requested": len(made),
            "callbacks_reached": spoken,
            "callbacks_unreached": len(made) - spoken - called_off - going_on,
            "callbacks_cancelled": called_off,
            "callbacks_open": going_on,
            "callback_success": ratio(spoken, len(made)),
            "callback_attempts": sum(life.dialled for life in made),
            "callback_delay_s": mean(delays),
        }


def merged(rows: Sequence[Row]) -> Row:
    """Parts of a row, one after the other."""
    return {name: value for row in rows for name, value in row.items()}
