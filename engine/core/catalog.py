"""What a call centre is called about: departments, their providers, the categories of their services, and in each the problem codes.

A code says which information its report needs, and which standard work order it starts. Titles are for people who work with requests;
callers never hear them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from engine.core.flow import Seconds, Variable

#: The word in `same_by` that stands for whoever calls.
CUSTOMER = Variable("customer")


@dataclass(frozen=True, slots=True)
class Problem:
    """One problem code; `work_order` is the title of the standard work order (empty: it starts none), `due` seconds after it is opened.

    Two reports are of the same problem when they agree in `same_by`: the customer, and names of information that is required.
    """

    name: str
    title: str
    requires: tuple[Variable, ...] = ()
    work_order: str = ""
    due: Seconds | None = None
    priority: int | None = None
    same_by: tuple[Variable, ...] = (CUSTOMER,)

    def about(self, who: str, information: Mapping[str, str]) -> str:
        """What a report of this problem is about, the same text for the same problem; empty where that is not known.

        `who` is how the caller is known, such as `customer 4711`; empty: not at all.
        """
        parts = [self._part(name, who, information) for name in self.same_by]
        return ", ".join(parts) if all(parts) else ""

    def _part(self, name: Variable, who: str, information: Mapping[str, str]) -> str:
        if name == CUSTOMER:
            return who
        value = " ".join(information.get(name, "").split()).casefold()
        return f"{name} {value}" if value else ""


@dataclass(frozen=True, slots=True)
class Category:
    """Services of one kind, and what can be wrong with them."""

    name: str
    title: str
    codes: Mapping[str, Problem]


@dataclass(frozen=True, slots=True)
class Provider:
    """Who sees to it."""

    name: str
    title: str
    categories: Mapping[str, Category]


@dataclass(frozen=True, slots=True)
class Department:
    """Whose business it is."""

    name: str
    title: str
    providers: Mapping[str, Provider]


def problems(departments: Mapping[str, Department]) -> dict[str, Problem]:
    """Every problem by its code, in the order of the catalog."""
    return {code.name: code for _, _, _, code in places(departments)}


def places(departments: Mapping[str, Department]) -> Iterator[tuple[Department, Provider, Category, Problem]]:
    """Every problem with what it stands in."""
    for department in departments.values():
        for provider in department.providers.values():
            for category in provider.categories.values():
                for code in category.codes.values():
                    yield department, provider, category, code
