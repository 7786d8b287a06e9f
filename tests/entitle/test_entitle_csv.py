"""Customers in a CSV file: what is read, what is left out and told, and that a changed file counts at once."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from entitle_kit import cheap_hash, rule

from engine.core.entitlement import Customer
from engine.entitle.csvfile import BadFile, CsvSource, read_customers
from engine.errors import SourceUnreachable

HEAD = "number,name,phones,pin,level,from,until,blocked\n"


def written(path: Path, text: str, encoding: str = "utf-8") -> Path:
    path.write_bytes(text.encode(encoding))
    return path


def test_a_row_is_a_customer(tmp_path: Path) -> None:
    pin = cheap_hash("1234")
    row = f'0042,"Петров, Иван",0888 000 001|+359 2 400 1000,"{pin}",gold,2026-01-01,2026-12-31,no\n'
    found = read_customers(written(tmp_path / "c.csv", HEAD + row), rule())
    phones = ("+359888000001", "+35924001000")
    wanted = Customer(
        "0042", "Петров, Иван", "gold", phones, pin, date(2026, 1, 1), date(2026, 12, 31), False
    )
    assert found.by_number == {"0042": wanted}
    assert found.by_phone == {phone: [wanted] for phone in phones}
    assert found.faults == []


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_what_spreadsheets_write_is_read(tmp_path: Path, encoding: str, end: str) -> None:
    text = end.join(["level;number;phones", "gold;7;0888000001", ""])
    found = read_customers(written(tmp_path / "c.csv", text, encoding), rule())
    assert found.by_number["7"].phones == ("+359888000001",)


@pytest.mark.parametrize(
    ("row", "why"),
    [
        ("1,A,,1234,gold,,,", "no Argon2 or scrypt hash"),
        ("1,A,,$2b$12$abcdefghijklmnopqrstuv,gold,,,", "no Argon2 or scrypt hash"),
        ('1,A,,"$scrypt$ln=20,r=32,p=8$c2FsdA$aGFzaA",gold,,,', "costs too much"),
        ('1,A,,"$argon2id$v=19$m=9999999,t=3,p=4$c2FsdHNhbHQ$aGFzaGhhc2g",gold,,,', "costs too much"),
        ("1,A,,,golden,,,", "not one of the levels"),
        ("1,A,call me,,gold,,,", "not a number of BG"),
        ("1,A,,,gold,2026-02-30,,", "not a day"),
        ("1,A,,,gold,,,maybe", "neither yes nor no"),
        (",A,,,gold,,,", "number must be"),
        ("1 2,A,,,gold,,,", "number must be"),
        ("1,A,,,gold,,,,,more", "more values"),
    ],
)
def test_a_row_that_cannot_be_read_is_left_out_and_told_with_its_line(
    tmp_path: Path, row: str, why: str
) -> None:
    text = f'{HEAD}5,good,,,gold,,,\n6,"over\ntwo lines",,,gold,,,\n{row}\n7,good too,,,gold,,,\n'
    found = read_customers(written(tmp_path / "c.csv", text), rule())
    assert set(found.by_number) == {"5", "6", "7"}
    assert [line for line, _ in found.faults] == [5]
    assert why in found.faults[0][1]
    assert "1234" not in found.faults[0][1]
    assert "$" not in found.faults[0][1]


def test_a_number_that_comes_twice_is_the_first_one(tmp_path: Path) -> None:
    text = "number,blocked\n5,yes\n5,no\n"
    found = read_customers(written(tmp_path / "c.csv", text), rule())
    assert (found.by_number["5"].blocked, [line for line, _ in found.faults]) == (True, [3])


@pytest.mark.parametrize(
    ("raw", "why"),
    [
        (b"", "no column 'number'"),
        (b"name,level\nAna,gold\n", "no column 'number'"),
        (b"number,surname\n", "'surname'"),
        (b"number,number\n", "twice"),
        (b"number\n\xff\xfe\n", "not UTF-8"),
        (b'number,name\n1,"never closed\n', "no CSV"),
    ],
)
def test_a_file_that_is_none_is_told_in_words(tmp_path: Path, raw: bytes, why: str) -> None:
    path = tmp_path / "c.csv"
    path.write_bytes(raw)
    with pytest.raises(BadFile, match=why):
        read_customers(path, rule())


async def test_a_changed_file_counts_for_the_next_question(tmp_path: Path) -> None:
    path = written(tmp_path / "c.csv", "number,level\n5,gold\n")
    source = CsvSource(rule(file=str(path)))
    try:
        await source.prepare()
        assert [one.level for one in await source.by_number("5")] == ["gold"]
        written(tmp_path / "new.csv", "number,level,phones\n5,silver,0888000001\n").rename(path)
        assert [one.level for one in await source.by_number("5")] == ["silver"]
        assert [one.number for one in await source.by_phone("+359888000001")] == ["5"]
        assert await source.by_phone("+359888000002") == await source.by_number("6") == []
    finally:
        await source.close()


async def test_a_file_that_is_gone_or_broken_is_unreachable_until_it_is_back(tmp_path: Path) -> None:
    path = tmp_path / "c.csv"
    source = CsvSource(rule(file=str(path)))
    try:
        await source.prepare()
        with pytest.raises(SourceUnreachable):
            await source.by_number("5")
        written(path, "number\n5\n")
        assert len(await source.by_number("5")) == 1
        written(path, "nothing of it\n")
        with pytest.raises(SourceUnreachable):
            await source.by_number("5")
    finally:
        await source.close()
