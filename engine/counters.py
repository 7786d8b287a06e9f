"""What the engine counts while it runs, in the form that Prometheus reads; from 0 at every start.

A running engine owns one `Counters`, nothing is counted globally. `registry` is what a page in Prometheus' text format is made of;
`told` is the same as JSON values, for `quietline status --json`. Labels hold words of ours only: what callers or strangers write would
make a new series for every guess.
"""

from __future__ import annotations

from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

#: Upper bounds: of opinion scores, of shares of packets, and of seconds.
SCORES: Final = (1.5, 2.0, 2.5, 3.0, 3.5, 3.8, 4.0, 4.2, 4.5)
SHARES: Final = (0.001, 0.005, 0.01, 0.02, 0.03, 0.05, 0.1, 0.2)
JITTERS: Final = (0.001, 0.005, 0.01, 0.02, 0.03, 0.05, 0.1, 0.2)
TRIPS: Final = (0.01, 0.02, 0.05, 0.1, 0.15, 0.2, 0.3, 0.5, 1.0)
#: Samples that only pages of Prometheus need.
UNTOLD: Final = ("_created", "_bucket")


class Counters:
    """Every counter of one engine."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        way = ("leg", "direction")
        self.rtp_reports = self._counter("quietline_rtp_reports", "RTCP reports about legs of calls.", *way)
        self.lost_packets = self._counter(
            "quietline_rtp_lost_packets", "Packets lost on legs that have ended.", *way
        )
        self.mos = self._histogram(
            "quietline_voice_mos", "Estimated opinion of a leg that has ended.", SCORES, *way
        )
        self.loss = self._histogram(
            "quietline_voice_loss_ratio", "Mean share of packets lost, per leg.", SHARES, *way
        )
        self.jitter = self._histogram(
            "quietline_voice_jitter_seconds", "Mean jitter, per leg.", JITTERS, *way
        )
        self.round_trip = self._histogram(
            "quietline_voice_round_trip_seconds", "Mean round trip, per leg.", TRIPS, "leg"
        )
        self.security_events = self._counter(
            "quietline_security_events", "Attempts that Asterisk has turned away.", "event", "service"
        )
        self.security_unlogged = self._counter(
            "quietline_security_events_unlogged", "Of these, the ones that are in the log only as a number."
        )
        self.speech_lost = self._counter(
            "quietline_speech_lost", "Callers who were listened to, and then had only their keys.", "why"
        )
        self.speech_unheard = self._counter(
            "quietline_speech_unheard", "Callers who had only their keys from the beginning.", "why"
        )
        self.speech_ended = self._counter(
            "quietline_speech_processes_ended",
            "Processes of recognisers that have ended by themselves.",
            "what",
        )
        self.faults = self._counter(
            "quietline_faults", "Faults of parts that calls do not need, which began anew.", "part"
        )
        self.ears_deaf = self._counter(
            "quietline_ears_deaf", "Callers who were listened to, and whose sound did not come any more."
        )
        self.ami_up = Gauge(
            "quietline_ami_up", "1 while Asterisk's manager tells us things.", registry=self.registry
        )
        self.ami_lost = self._counter(
            "quietline_ami_connections_failed", "Connections lost or not let in.", "why"
        )

    def _counter(self, name: str, text: str, *labels: str) -> Counter:
        return Counter(name, text, labels, registry=self.registry)

    def _histogram(self, name: str, text: str, bounds: tuple[float, ...], *labels: str) -> Histogram:
        return Histogram(name, text, labels, buckets=bounds, registry=self.registry)

    def told(self) -> dict[str, float]:
        """Every sample by its name and labels; of a histogram only how many there were, and their sum."""
        return {
            _named(sample.name, sample.labels): sample.value
            for metric in self.registry.collect()
            for sample in metric.samples
            if not sample.name.endswith(UNTOLD)
        }


def _named(name: str, labels: dict[str, str]) -> str:
    inside = ",".join(f'{label}="{value}"' for label, value in labels.items())
    return f"{name}{{{inside}}}" if inside else name
