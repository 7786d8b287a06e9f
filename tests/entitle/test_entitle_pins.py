"""PINs are compared with their hashes, in the same time for everybody."""

from __future__ import annotations

import argon2
import pytest
from entitle_kit import cheap_hash

from engine.entitle.pins import DUMMY, fault, hash_pin, matches


@pytest.mark.parametrize("made", [hash_pin("0042"), cheap_hash("0042")], ids=["argon2", "scrypt"])
def test_a_pin_matches_its_own_hash_only(made: str) -> None:
    assert fault(made) is None
    assert matches("0042", made)
    assert not any(matches(pin, made) for pin in ("42", "00420", "", "1234", made))


def test_a_pin_has_another_hash_each_time() -> None:
    assert hash_pin("0042") != hash_pin("0042")


def test_hashes_made_elsewhere_are_understood() -> None:
    # RFC 7914's third test vector, in the form in which hashes are kept.
    rfc = "$scrypt$ln=14,r=8,p=1$U29kaXVtQ2hsb3JpZGU$" + (
        "cCO9yzr9c0hGHAbNgf046/2o+7qQT44+qbVD9lRdofLVQylVYT8Pz2LUlwUkKpr55h6F3A1lHkDfzwF7RVdYhw"
    )
    assert fault(rfc) is None
    assert matches("pleaseletmein", rfc)
    made = argon2.PasswordHasher(time_cost=1, memory_cost=1024, parallelism=1, type=argon2.Type.I).hash("7")
    assert matches("7", made)
    assert not matches("8", made)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "1234",
        "$argon2id$",
        "$scrypt$ln=14,r=8,p=1$$",
        "$2b$12$abc",
        "md5",
        "$scrypt$ln=0,r=8,p=1$YWJj$YWJj",
    ],
)
def test_what_is_no_hash_is_told_and_matches_nothing(text: str) -> None:
    assert fault(text)
    if not text.startswith("$scrypt"):
        assert not matches("1234", text)


def test_nobody_has_the_dummy_and_comparing_with_it_is_as_much_work() -> None:
    assert fault(DUMMY) is None
    assert argon2.extract_parameters(DUMMY) == argon2.extract_parameters(hash_pin("0042"))
    assert not any(matches(pin, DUMMY) for pin in ("0042", "", "no PIN has letters"))
