"""Phone numbers as callers show and customers write them -> E.164 (`+359888000001`), by libphonenumber's rules."""

from __future__ import annotations

import re

import phonenumbers
from phonenumbers import PhoneNumberFormat, ValidationResult

#: Countries whose national numbers are understood.
COUNTRIES = frozenset(phonenumbers.SUPPORTED_REGIONS)

#: What may stand in a number: no letters, so neither a word for a withheld number nor an extension is taken for one.
_WRITTEN = re.compile(r"\+?[0-9() ./-]{3,32}")


def e164(text: str, country: str | None = None) -> str | None:
    """The number in E.164; None for a withheld one, an inner extension, or what could be no number at all.

    A number without a country is one of `country`; without that, only numbers with `+` are understood.
    """
    if not _WRITTEN.fullmatch(text.strip()):
        return None
    try:
        number = phonenumbers.parse(text.strip(), country)
    except phonenumbers.NumberParseException:
        return None
    if phonenumbers.is_possible_number_with_reason(number) != ValidationResult.IS_POSSIBLE:
        return None
    return phonenumbers.format_number(number, PhoneNumberFormat.E164)
