"""The JSON schemas against an independent reader of YAML 1.2: an editor that uses them agrees with `quietline check`.

The reader is ruamel.yaml's parser; plain scalars are resolved by the core schema of YAML 1.2 (section 10.3.2), as editors do: 0123 and +359
are numbers, true is a boolean, and no, on, 22:00 and 2026-12-24 are texts. Keys are texts, as JSON has no others.
"""

from __future__ import annotations

import io
import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft7Validator
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from engine.config.casefile import OPTIONS as CASE_OPTIONS
from engine.config.catalogfile import LEVELS
from engine.config.kinds import BAD, Option, Reader, options
from engine.config.knowledge import article_options
from engine.config.report import Place, Report
from engine.config.schema import texts
from engine.config.sitekinds import EXTERNAL_OPTIONS, QUEUE_DEFAULTS, SECTIONS, TOP
from engine.config.source import Scalar
from engine.core.verbs import VERBS

ROOT = Path(__file__).parents[2]
SITE = ROOT / "ivr_flows"
CASES = ROOT / "tests" / "bad_flows"
SCHEMAS = {name.split(".")[0]: Draft7Validator(json.loads(text)) for name, text in texts().items()}

_CORE: tuple[tuple[str, Any], ...] = (
    (r"null|Null|NULL|~|", lambda _: None),
    (r"true|True|TRUE", lambda _: True),
    (r"false|False|FALSE", lambda _: False),
    (r"[-+]?[0-9]+", int),
    (r"0o[0-7]+", lambda text: int(text, 8)),
    (r"0x[0-9a-fA-F]+", lambda text: int(text, 16)),
    (r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?", float),
    (r"[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)", lambda text: float(text.replace(".", ""))),
)


class Unloadable(Exception):
    """An editor marks the file before any schema is asked."""


def core(text: str) -> Any:
    """What a plain scalar is by YAML 1.2's core schema."""
    return next((make(text) for pattern, make in _CORE if re.fullmatch(pattern, text)), text)


def loaded(text: str) -> Any:
    """A file's values as an editor sees them; raises Unloadable."""
    try:
        return value(YAML(typ="rt", pure=True).compose(io.StringIO(text)))
    except (YAMLError, RecursionError, ValueError) as error:
        raise Unloadable(str(error)) from error


def value(node: Node | None) -> Any:
    """A node as JSON's values."""
    match node:
        case ScalarNode(style=None | ""):
            return core(node.value)
        case ScalarNode():
            return node.value
        case SequenceNode():
            return [value(item) for item in node.value]
        case MappingNode():
            if not all(isinstance(key, ScalarNode) for key, _ in node.value):
                raise Unloadable("a key that is no scalar")
            if len({key.value for key, _ in node.value}) < len(node.value):
                raise Unloadable("a key twice")
            return {key.value: value(item) for key, item in node.value}
    return None


def schema_of(path: Path) -> str:
    """Which schema a file is held against."""
    if path.parent.name == "tests":
        return "case"
    return path.stem if path.stem in ("site", "knowledge", "catalog") else "flow"


def refusal(path: Path) -> str:
    """Why an editor marks a file; empty where it does not."""
    try:
        found = loaded(path.read_text("utf-8"))
    except (Unloadable, UnicodeDecodeError) as error:
        return f"not loaded: {type(error).__name__}"
    return next((error.message[:200] for error in SCHEMAS[schema_of(path)].iter_errors(found)), "")


@pytest.mark.parametrize("name", SCHEMAS)
def test_a_schema_is_a_schema(name: str) -> None:
    Draft7Validator.check_schema(SCHEMAS[name].schema)


SHIPPED = sorted(
    [
        *SITE.glob("*.yaml"),
        *SITE.glob("tests/*.yaml"),
        *ROOT.glob("tests/scenarios/site/*.yaml"),
        *CASES.glob("_base/ivr_flows/*.yaml"),
    ]
)


@pytest.mark.parametrize("path", SHIPPED, ids=lambda p: str(p.relative_to(ROOT)))
def test_the_schemas_accept_every_shipped_file(path: Path) -> None:
    assert refusal(path) == ""


@pytest.mark.parametrize(
    "path", sorted([*SITE.glob("*.yaml"), *SITE.glob("tests/*.yaml")]), ids=lambda p: p.name
)
def test_a_shipped_file_names_its_schema(path: Path) -> None:
    found = re.match(r"# yaml-language-server: \$schema=(\S+)\n", path.read_text("utf-8"))
    assert found
    assert (path.parent / found[1]).resolve() == SITE / f"{schema_of(path)}.schema.json"


# --- the broken sites: what is of shape is refused, what is not is not ---------------------------

#: Codes of faults within one file that a schema is there to find.
OF_SHAPE = {
    *("bad-value", "unknown-option", "missing-option", "missing-value", "unknown-action", "two-actions"),
    *("empty-step", "not-a-mapping", "empty-level"),
    *("empty-file", "bad-key", "duplicate-key", "yaml-syntax", "article-shape", "shadowed-key", "not-utf8", "bad-hours", "bad-address"),
    *("short-password", "too-deep", "bad-character", "two-documents"),
}  # fmt: skip
#: Codes of what is gone, or no fault yet, once a file has been loaded: nobody is told by a schema.
UNSEEN = {
    "no-anchors": "the reader has put the values in their place",
    "no-tags": "the reader has taken the tags away",
    "too-big": "lengths and numbers of things are bounds of ours, which no file of a person reaches",
}
#: (code, what the message says) -> why no schema sees it.
BEYOND: tuple[tuple[str, str, str], ...] = (
    (
        "missing-option",
        "entitlement needs 'on_unreachable'",
        "what its source does on failure stands in another file",
    ),
    ("missing-option", "entitlement by pin needs 'pin'", "one option asks for another"),
    ("missing-option", "an external Asterisk needs 'external'", "one option asks for another"),
    ("missing-option", "to watch phones over AMI", "one option asks for another"),
    ("bad-value", "is not a date", "which days a month has is beyond a pattern"),
    ("bad-hours", "", "hours have a grammar of their own"),
    ("bad-value", "no calendar of holidays", "the countries come from a library, which learns new ones"),
    ("bad-value", "has no region", "the regions come from a library, which learns new ones"),
    ("bad-value", "no time zone is called", "the zones come from the time zone data, which learns new ones"),
    ("bad-address", "", "an address has a grammar of its own"),
    ("bad-value", "everything can only be", "one option says what another may be"),
    ("yaml-syntax", "escape is no character", "half a character is one to other readers"),
    ("bad-value", "is no address calls can go to", "an address has a grammar of its own"),
)


def told(case: str) -> Iterator[tuple[str, str, str, str]]:
    """File, level, code and text of everything in a case's report."""
    for line in (CASES / case / "expected.txt").read_text("utf-8").splitlines():
        found = re.match(r"(\S[^:]*):\d+:\d+: (error|warning)\[([a-z0-9-]+)\]: (.*)", line)
        if found:
            yield found[1], found[2], found[3], found[4]


def written() -> Iterator[tuple[str, Path]]:
    """Every flow, site, knowledge and catalog file of the broken sites."""
    for case in sorted(p for p in CASES.iterdir() if p.is_dir() and p.name != "_base"):
        yield from ((case.name, path) for path in sorted(case.glob("ivr_flows/*.yaml")))


@pytest.mark.parametrize(("case", "path"), list(written()), ids=lambda x: x if isinstance(x, str) else x.name)
def test_a_schema_refuses_faults_of_shape_and_nothing_else(case: str, path: Path) -> None:
    here = [(code, text) for file, _, code, text in told(case) if file == f"ivr_flows/{path.name}"]
    if any(code in UNSEEN for code, _ in here):
        return
    seen = [
        (c, t)
        for c, t in here
        if c in OF_SHAPE and not any(c == code and part in t for code, part, _ in BEYOND)
    ]
    why = refusal(path)
    assert bool(why) == bool(seen), f"schema: {why or 'good'}; check: {seen}"


def test_every_reason_why_a_schema_cannot_see_a_fault_is_needed() -> None:
    faults = [(code, text) for case in {case for case, _ in written()} for _, _, code, text in told(case)]
    assert [
        part for code, part, why in BEYOND if not why or not any(c == code and part in t for c, t in faults)
    ] == []


# --- no false alarms -----------------------------------------------------------------------------

#: Scalars as people type them without quotes, among them all that YAML 1.2 takes for something else than text.
TYPED = re.split(
    r"\s+",
    """0 1 5 6 007 0123 123456 012345678 +35924001000 -1 1.5 1e3 0x1f 0o17 1_000 .5 yes Yes NO no on Off true True false 22:00
    08:00-18:00 2026-12-24 8s 1h30m 6-8 1-5 en bg pt-br open closed none csv default 10.0.0.1 10.0.0.0/8 BG GB-ENG Europe/Sofia always
    support sales_desk 2001 long-enough-1 1234567890 sip:2001@192.0.2.10:5060 https://example.com/x customers.csv action gold ready
    information answered http://127.0.0.1:8088 private least_busy pause caller Mon-Fri never""",
)
NODE = Place("f.yaml")


def everything() -> Iterator[tuple[str, Option]]:
    """Every option there is."""
    for word, cls in VERBS.items():
        yield from ((f"{word}.{option.name}", option) for option in options(cls))
    for section, (_, wanted) in SECTIONS.items():
        yield from ((f"{section}.{option.name}", option) for option in wanted)
    for name, wanted in {
        "": TOP,
        "external": EXTERNAL_OPTIONS,
        "queue_defaults": QUEUE_DEFAULTS,
        "case": CASE_OPTIONS,
    }.items():
        yield from ((f"{name}.{option.name}", option) for option in wanted if option.kind.name != "anything")
    yield from ((f"article.{option.name}", option) for option in article_options())
    yield from ((f"code.{option.name}", option) for option in LEVELS[-1].options)


@pytest.mark.parametrize(
    ("name", "option"), list(everything()), ids=lambda x: x if isinstance(x, str) else ""
)
def test_what_the_check_reads_is_never_marked_by_the_schema(name: str, option: Option) -> None:
    schema: Mapping[str, Any] = option.kind.schema
    for text in dict.fromkeys(TYPED):
        if option.kind.read(Scalar(NODE, text), Reader(Report())) is BAD:
            continue
        for shown in (core(text), text):  # as it is typed, and in quotes
            if isinstance(shown, bool) and "pattern" in str(schema):
                continue  # a step or queue that somebody calls true
            assert Draft7Validator(schema).is_valid(shown), f"{name}: {text} is {shown!r} to an editor"
