"""What the site knows: articles that answer a question, and questions that lead to an article.

An article either speaks (`say`) or asks a yes-or-no question (`ask`), may read out a telephone number, and may lead on to another one.
Whoever follows `yes`, `no` and `next` comes to an end: the check refuses a circle.
"""

from __future__ import annotations

from dataclasses import dataclass

from engine.core.flow import ArticleName, PromptId


@dataclass(frozen=True, slots=True)
class Article:
    """One article. `number` is spoken by prompts as `{{ article.number | digits }}`."""

    name: str
    say: tuple[PromptId, ...] = ()
    ask: PromptId | None = None
    yes: ArticleName | None = None
    no: ArticleName | None = None
    next: ArticleName | None = None
    number: str = ""
    title: str = ""

    def leads(self) -> tuple[ArticleName, ...]:
        """The articles that may follow."""
        return tuple(name for name in (self.yes, self.no, self.next) if name is not None)
