"""Whether a contact has resolved its matter, as the agent says it with a wrap-up code, and the caller in a survey.

    yes, no    it has, or has not
    ask        of a code: the agent says it beside the code, or leaves it open
    neither    of a key: an answer that says nothing of it

What was meant is written into the event as it is said: a site that changes its codes or keys afterwards changes no figure of the past.
"""

from __future__ import annotations

YES, NO, ASK, NEITHER = "yes", "no", "ask", "neither"


def meaning(word: str | None) -> bool | None:
    """What one of these words says; None where it leaves it open."""
    return {YES: True, NO: False}.get(word or "")


def in_words(resolved: bool | None) -> str:
    """The same behind what was said, as people read it."""
    return {True: ", resolved", False: ", not resolved", None: ""}[resolved]
