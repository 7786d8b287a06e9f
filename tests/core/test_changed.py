"""A record with some fields changed, without initialising it again."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any

import pytest

from engine.core.changed import changed
from engine.core.contact import Contact


def test_it_gives_what_replace_gives() -> None:
    contact = Contact("c1", queue="desk", wait_s=3.5)
    for field in fields(Contact):
        change: dict[str, Any] = {field.name: "another"}
        assert changed(contact, **change) == replace(contact, **change)
    assert contact == Contact("c1", queue="desk", wait_s=3.5)


def test_a_field_that_is_not_there_is_refused() -> None:
    with pytest.raises(AttributeError):
        changed(Contact("c1"), nobody="knows")
