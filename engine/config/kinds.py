"""How each type of the core's classes is written in YAML: the one table behind the parser, the JSON schema and the docs.

A `Kind` reads a node into a value, says in words how it is written, and gives its JSON schema. `kind_of` finds the kind of a type hint:
`StepName`, `tuple[PromptId, ...]`, `Mapping[Key, StepName]`, `Seconds | None` … `options` lists a class's fields with their kinds, so a
class is the whole truth about what may be written.

Whatever cannot be read is added to the report and becomes `BAD`; reading goes on, so that all errors come at once. Names that point
somewhere (steps, prompts, queues, …) are noted as `Ref`s, with their place, for the checks that follow.
"""

from __future__ import annotations

import re
import types
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import MISSING, dataclass, field, fields, replace
from functools import cache
from typing import Any, Final, Union, get_args, get_origin, get_type_hints

from engine.config.mishaps import odd
from engine.config.report import Place, Report, guess
from engine.config.source import Mapping as MappingNode
from engine.config.source import Node, Scalar, Sequence
from engine.core import flow as f
from engine.core import skills, verbs
from engine.core.catalog import Problem
from engine.core.moment import EXAMPLES, is_until
from engine.core.overrides import Word
from engine.core.request import REQUEST_STATES
from engine.core.resolution import NEITHER, NO, YES


class _Bad:
    def __repr__(self) -> str:
        return "BAD"


BAD: Final = _Bad()


class Wrong(Exception):
    """A scalar that cannot be read: what is wrong and what to do."""

    def __init__(self, text: str, hint: str = "", code: str = "bad-value") -> None:
        super().__init__(text)
        self.text, self.hint, self.code = text, hint, code


@dataclass(frozen=True, slots=True)
class Ref:
    """A name that points somewhere: what it names, and where it is written."""

    to: str
    name: str
    place: Place


@dataclass(slots=True)
class Reader:
    """What is passed along while reading one file."""

    report: Report
    refs: list[Ref] = field(default_factory=list)

    def bad(self, node: Node, text: str, hint: str = "", code: str = "bad-value") -> _Bad:
        """Report a value that cannot be read."""
        self.report.add(node.place, code, text, hint)
        return BAD


@dataclass(frozen=True, slots=True)
class Kind:
    """One way to write a value. `to` is set where the value names something (step, prompt, queue …)."""

    name: str
    written: str
    read: Callable[[Node, Reader], Any]
    schema: Mapping[str, Any]
    to: str = ""


@dataclass(frozen=True, slots=True)
class Option:
    """One field of a class as an admin may write it."""

    name: str
    kind: Kind
    required: bool
    default: Any = None


def short(text: str) -> str:
    """A value as it is quoted in a message."""
    line = text if len(text) <= 40 else text[:39] + "…"
    return "'" + line.replace("\n", "\\n") + "'"


def scalar(
    name: str, written: str, convert: Callable[[str], Any], schema: Mapping[str, Any], to: str = ""
) -> Kind:
    """A kind that is one word or number; `convert` raises Wrong."""

    def read(node: Node, reader: Reader) -> Any:
        if not isinstance(node, Scalar):
            return reader.bad(node, f"one value is expected here, not a {_shape(node)}", f"write {written}")
        if node.empty:
            return reader.bad(node, "a value is missing here", f"write {written}", "missing-value")
        try:
            value = convert(node.text)
        except Wrong as wrong:
            return reader.bad(node, wrong.text, odd(node.text) or wrong.hint, wrong.code)
        if to:
            reader.refs.append(Ref(to, node.text, node.place))
        return value

    return Kind(name, written, read, schema, to)


def named(
    to: str,
    written: str,
    pattern: str = r"[A-Za-z_][A-Za-z0-9_-]{0,63}",
    what: str = "name",
    hint: str | Callable[[str], str] = "use letters, digits and _, beginning with a letter",
    *,
    typed: bool = False,
) -> Kind:
    """A kind whose value is the name of a thing. `typed`: it may be digits alone, which an editor takes for a number."""
    compiled = re.compile(pattern)

    def convert(text: str) -> str:
        if not compiled.fullmatch(text):
            raise Wrong(f"{short(text)} is not a {what}", hint if isinstance(hint, str) else hint(text))
        return text

    kinds = ["string", "number"] if typed else "string"
    return scalar(to, written, convert, {"type": kinds, "pattern": f"^{pattern}$"}, to)


def yes_no_or(other: str) -> Kind:
    """Yes, no, or one word more: a text."""

    def convert(text: str) -> str:
        with suppress(Wrong):
            return YES if _yes(text) else NO
        if text != other:
            raise Wrong(f"{short(text)} is not one of yes, no, {other}", "")
        return text

    return scalar("yes or no", f"yes, no or {other}", convert, {"enum": [*YES_NO.schema["enum"], other]})


def choice(*words: str) -> Kind:
    """One of a few words."""

    def convert(text: str) -> str:
        if text not in words:
            hint = guess(text, words)
            text = f"{short(text)} is not one of {', '.join(words)}"
            raise Wrong(text, hint if hint.startswith("did") else "")
        return text

    return scalar("choice", " or ".join(words), convert, {"enum": list(words)})


def number(least: int, most: int) -> Kind:
    """A whole number between two bounds, both allowed."""

    def convert(text: str) -> int:
        if not re.fullmatch(r"-?[0-9]{1,9}", text) or not least <= int(text) <= most:
            raise Wrong(f"{short(text)} is not a whole number from {least} to {most}")
        return int(text)

    # Written in quotes it is a text for an editor, and means the same.
    quoted = {"type": "string", "pattern": "^-?[0-9]{1,9}$"}
    schema = {"anyOf": [{"type": "integer", "minimum": least, "maximum": most}, quoted]}
    return scalar("number", f"a whole number from {least} to {most}", convert, schema)


_UNITS = {"h": 3600, "m": 60, "s": 1}
_DURATION = r"(?=[0-9])([0-9]{1,6}h)?([0-9]{1,6}m)?([0-9]{1,6}s)?"


def duration(least: int = 1, most: int = 86_400, *, signed: bool = False) -> Kind:
    """A duration with units, in seconds."""
    pattern = ("-?" if signed else "") + _DURATION
    compiled = re.compile(pattern)

    def convert(text: str) -> float:
        if not compiled.fullmatch(text):
            hint = _spelt(text)
            raise Wrong(f"{short(text)} is not a duration; write it like 8s, 10m or 1h30m", hint)
        value = sum(int(n) * _UNITS[unit] for n, unit in re.findall(r"(\d+)([hms])", text))
        value = -value if text.startswith("-") else value
        if not least <= value <= most:
            raise Wrong(f"{short(text)} is not between {spell(least)} and {spell(most)}")
        return float(value)

    written = f"a duration such as 8s, 10m or 1h30m, from {spell(least)} to {spell(most)}"
    return scalar("duration", written, convert, {"type": "string", "pattern": f"^{pattern}$"})


def _spelt(text: str) -> str:
    """What was probably meant by a duration that cannot be read."""
    found = re.fullmatch(r"([0-9]{1,6}) *([a-z]*)\.?", text.lower())
    if not found:
        return ""
    unit = found[2][:1]
    good = found[2] in ("", "s", "sec", "secs", "second", "seconds", "m", "min", "mins", "minute", "minutes")
    good = good or found[2] in ("h", "hr", "hrs", "hour", "hours")
    if not good:
        return ""
    return f"write {found[1]}{unit}" if unit else f"write {found[1]}s, {found[1]}m or {found[1]}h"


def spell(seconds: float) -> str:
    """Seconds as an admin writes them: 90 -> 1m30s."""
    rest, parts = abs(int(seconds)), ""
    for unit, size in _UNITS.items():
        count, rest = divmod(rest, size)
        parts += f"{count}{unit}" if count else ""
    return ("-" if seconds < 0 else "") + (parts or "0s")


def _yes(text: str) -> bool:
    match text.lower():
        case "yes" | "true" | "on":
            return True
        case "no" | "false" | "off":
            return False
        case _:
            raise Wrong(f"{short(text)} is neither yes nor no", "write yes or no")


def _line(text: str) -> str:
    if "\n" in text or "\r" in text or len(text) > 500:
        raise Wrong("one line of text, at most 500 characters, is expected here")
    return text


def _digits(text: str) -> f.DigitRange:
    found = re.fullmatch(r"([0-9]{1,3})(?:-([0-9]{1,3}))?", text)
    if not found:
        raise Wrong(f"{short(text)} is not a number of digits", "write 6 or 6-8")
    least, most = int(found[1]), int(found[2] or found[1])
    if least > most:
        raise Wrong(f"{short(text)} counts down", f"did you mean {most}-{least}?")
    if not 1 <= least <= most <= 32:
        raise Wrong(f"{short(text)} is outside 1-32 digits")
    return f.DigitRange(least, most)


def _scale(text: str) -> f.DigitRange:
    found = re.fullmatch(r"([0-9]{1,3})-([0-9]{1,3})", text)
    if not found or int(found[1]) >= int(found[2]):
        raise Wrong(f"{short(text)} is not a scale", "write it like 1-5")
    least, most = int(found[1]), int(found[2])
    if least == 0 or most > 9:
        text = f"{short(text)} leaves what one key from 1 to 9 can answer"
        hint = f"{str(most)[0]} would count before {most} is keyed in; end at 9" if most > 9 else "begin at 1"
        raise Wrong(text, hint, "shadowed-key")
    return f.DigitRange(least, most)


def _key(text: str) -> str:
    if text not in set("0123456789*#"):
        found = re.fullmatch("([0-9*#]):(.+)", text)
        hint = (
            f"a space is missing: {found[1]}: {found[2]}"
            if found
            else "keys are 0-9, * and # (# and * in quotes)"
        )
        raise Wrong(f"{short(text)} is not a key of a phone", hint)
    return text


def _digit(text: str) -> str:
    if text in ("*", "#"):
        raise Wrong(f"'{text}' is no answer: an answer is a number", "keys are 0-9 here")
    return _key(text)


def _prompt_hint(text: str) -> str:
    """What to write instead of something that is no prompt's id."""
    listed = [part.strip() for part in text.split(",")]
    if len(listed) > 1 and all(re.fullmatch("[a-z][a-z0-9_]*", part) for part in listed):
        return f"several stand in brackets: [{', '.join(listed)}]"
    bare = text.rpartition("/")[2].removesuffix(".wav").lower().replace("-", "_")
    if bare != text and re.fullmatch("[a-z][a-z0-9_]*", bare):
        return f"write the id alone: {bare}" if "/" in text or "." in text else f"did you mean '{bare}'?"
    return "write 'id: the words' in prompts/<language>.yaml, and the id here"


_SLOTS = re.compile(r"\{\{(.*?)\}\}")
_VARIABLE = r"[A-Za-z_][A-Za-z0-9_]*(\.[A-Za-z0-9_]+)*"


def slots(text: str) -> list[str]:
    """The names of the variables a text inserts."""
    return [inner.strip() for inner in _SLOTS.findall(text)]


def _text(text: str) -> str:
    for name in slots(_line(text)):
        if not re.fullmatch(_VARIABLE, name):
            raise Wrong(f"{short('{{ ' + name + ' }}')} does not name a variable", "write {{ name }}")
    if text.count("{{") != len(slots(text)) or text.count("}}") != len(slots(text)):
        raise Wrong("a '{{' and a '}}' do not belong together", "write {{ name }}")
    return text


def _until(text: str) -> str:
    if not is_until(text):
        raise Wrong(f"{short(text)} is no moment", EXAMPLES)
    return text


_TEXT_SCHEMA = {"type": ["string", "number", "boolean"]}
LINE = scalar("text", "a line of text", _line, _TEXT_SCHEMA)
ANYTHING = Kind("anything", "anything", lambda node, _: node, {})
NOTHING = Kind(
    "nothing",
    "nothing behind it",
    lambda node, reader: reader.bad(node, "nothing stands behind this word", "delete the value"),
    {"type": "null"},
)
_YES_OR_NO = [
    word
    for said in ("yes", "no", "on", "off", "true", "false")
    for word in (said, said.title(), said.upper())
]
YES_NO = scalar("yes or no", "yes or no", _yes, {"enum": [True, False, *_YES_OR_NO]})
DURATION = duration()
LANGUAGE = named(
    "language",
    "a language such as en",
    r"[a-z]{2,3}(-[a-z0-9]{1,8})*",
    "language",
    lambda text: (
        f"write {text.lower().replace('_', '-')}"
        if re.fullmatch("[A-Za-z]{2,3}([-_][A-Za-z]{2})?", text)
        else "write its code, as its file of prompts is called: en, ar, pt-br"
    ),
)
DIGIT = scalar("key", "a key from 0 to 9", _digit, {"type": "string", "pattern": "^[0-9]$"})
SKILL = named("skill", "a skill some agent has")
LEVEL = named("level", "a level of a source of customers", r"[A-Za-z0-9_][A-Za-z0-9_-]{0,31}", typed=True)

#: The kind of every type that stands in a class of `engine.core.verbs`.
KINDS: dict[Any, Kind] = {
    f.StepName: named("step", "a step of this flow"),
    f.PromptId: named(
        "prompt",
        "an id in prompts/<language>.yaml",
        r"[a-z][a-z0-9_]{0,63}",
        "prompt's id",
        _prompt_hint,
    ),
    f.QueueName: named("queue", "a queue or a group of site.yaml"),
    f.Schedule: named("schedule", "a schedule or a site of site.yaml"),
    f.Mailbox: named("mailbox", "a mailbox: any name, messages are kept under it"),
    f.LanguageCode: LANGUAGE,
    f.Variable: named("variable", "a variable: letters, digits, _ and .", _VARIABLE, "name of a variable"),
    f.Question: named("question", "a question of this survey", _VARIABLE),
    f.Text: scalar("text", "text; {{ name }} inserts a variable", _text, _TEXT_SCHEMA),
    f.Key: scalar("key", "a key: 0-9, * or #", _key, {"type": "string", "pattern": "^[0-9*#]$"}),
    f.Seconds: DURATION,
    f.DigitRange: scalar(
        "digits",
        "a number of digits: 6 or 6-8",
        _digits,
        {"type": ["integer", "string"], "pattern": "^[0-9]{1,3}(-[0-9]{1,3})?$"},
    ),
    f.FlowName: named("flow", "a flow of this folder"),
    f.ArticleName: named("article", "an article of knowledge.yaml"),
    f.ServiceName: named("service", "a service of site.yaml"),
    f.Ruled: named("ruled", "a schedule or a site of site.yaml, or everything"),
    f.Word: choice(*Word),
    f.DeskWord: choice("menu", "ready", "pause", "code", "state", "logout"),
    f.Until: scalar(
        "until",
        "a time such as 18:00, a length such as 2h, or a date such as 2026-12-24 18:00",
        _until,
        _TEXT_SCHEMA,
    ),
    f.CallbackOrder: choice("agent", "caller"),
    f.RequestKind: choice("information", "action", "comment"),
    f.RequestState: choice(*REQUEST_STATES),
    f.ProblemCode: named("code", "a problem code of catalog.yaml (without one: any name)"),
    f.SourceName: named("source", "a source of customers of site.yaml"),
    f.Level: LEVEL,
    types.NoneType: NOTHING,
    bool: YES_NO,
    int: number(0, 1_000_000),
    float: DURATION,
    str: LINE,
}


def list_of(item: Kind, *, empty: bool = True) -> Kind:
    """A list; one value alone counts as a list of one. `empty`: whether it may name nothing."""

    def read(node: Node, reader: Reader) -> Any:
        nodes = node.items if isinstance(node, Sequence) else [node]
        if not nodes and not empty:
            text = f"at least one {item.name} is needed here"
            return reader.bad(node, text, f"write {item.written}", "missing-value")
        values = [item.read(n, reader) for n in nodes]
        return BAD if any(v is BAD for v in values) else tuple(values)

    several = {"type": "array", "items": item.schema, **({} if empty else {"minItems": 1})}
    schema = {"anyOf": [item.schema, several]}
    return Kind(f"{item.name} or list", f"{item.written}, or a list of them", read, schema)


def set_of(item: Kind) -> Kind:
    """A list in which order and repetition mean nothing."""
    ordered = list_of(item)

    def read(node: Node, reader: Reader) -> Any:
        values = ordered.read(node, reader)
        return BAD if values is BAD else frozenset(values)

    return replace(ordered, read=read)


def map_of(key: Kind, value: Kind) -> Kind:
    """Keys and values, at least one."""

    def read(node: Node, reader: Reader) -> Any:
        if not isinstance(node, MappingNode) or not node.entries:
            dashes = isinstance(node, Sequence) and any(isinstance(item, MappingNode) for item in node.items)
            return reader.bad(
                node,
                f"entries '{key.name}: {value.name}' are expected here",
                f"like {{ {_sample(key, value)} }}" + ("; without '- ' before them" if dashes else ""),
            )
        pairs = [_pair(key, value, k, v, reader) for k, v in node.entries.values()]
        return BAD if any(k is BAD or v is BAD for k, v in pairs) else dict(pairs)

    schema: dict[str, Any] = {"type": "object", "minProperties": 1, "additionalProperties": value.schema}
    if "pattern" in key.schema:
        schema["propertyNames"] = {"pattern": key.schema["pattern"]}
    return Kind(f"{key.name} → {value.name}", f"{key.name} → {value.name} ({value.written})", read, schema)


def _pair(key: Kind, value: Kind, k: Scalar, v: Node, reader: Reader) -> tuple[Any, Any]:
    """One entry; where its key cannot be read and nothing stands behind it, one message is enough."""
    read = key.read(k, reader)
    alone = read is BAD and isinstance(v, Scalar) and v.empty
    return read, BAD if alone else value.read(v, reader)


def either(one: Kind, entries: Kind) -> Kind:
    """One value, or a mapping."""

    def read(node: Node, reader: Reader) -> Any:
        return (entries if isinstance(node, MappingNode) else one).read(node, reader)

    schema = {"anyOf": [one.schema, entries.schema]}
    return Kind(one.name, f"{one.written}, or {entries.written}", read, schema)


def _sample(key: Kind, value: Kind) -> str:
    first = {"key": "1", "number": '"100"'}.get(key.name, "name")
    return f"{first}: {value.name}"


def _shape(node: Node) -> str:
    match node:
        case Sequence():
            return "list"
        case MappingNode():
            return "mapping"
        case _:
            return "single value"


def with_levels(convert: Callable[[Mapping[str, int]], Any], written: str) -> Kind:
    """Skills as a list (all at level 1), or each with its level; `convert` takes the levels by name."""
    plain, levelled = list_of(SKILL), map_of(SKILL, number(1, 9))

    def read(node: Node, reader: Reader) -> Any:
        values = (levelled if isinstance(node, MappingNode) else plain).read(node, reader)
        if values is BAD:
            return BAD
        found = values if isinstance(values, dict) else dict.fromkeys(values, 1)
        if isinstance(node, MappingNode) and convert is skills.wanted:
            high = {name: level for name, level in found.items() if level > 1}
            places = {name: node.entries[name][1].place for name in high}
            reader.refs += [
                Ref("skill level", skills.at_level(name, high[name]), places[name]) for name in high
            ]
        return convert(found)

    return Kind("skills", written, read, {"anyOf": [plain.schema, levelled.schema]})


WANTED = with_levels(
    skills.wanted, "a skill some agent has, a list of them, or skill → level wanted, from 1 to 9"
)

#: Options that are narrower than their type, by class and field.
NARROWER: dict[tuple[type, str], Kind] = {
    (verbs.Say, "say"): list_of(KINDS[f.PromptId], empty=False),
    (verbs.Language, "retries"): number(0, 5),
    (verbs.Menu, "retries"): number(0, 5),
    (verbs.Ask, "retries"): number(0, 5),
    (verbs.RecordName, "retries"): number(0, 5),
    (verbs.RecordName, "max"): duration(1, 30),
    (verbs.Queue, "priority"): either(number(1, 10), map_of(LEVEL, number(1, 10))),
    (verbs.Queue, "skills"): WANTED,
    (verbs.Queue, "widen"): map_of(duration(1, 3600), WANTED),
    (verbs.Queue, "prefer"): choice("last", "owner", "both"),
    (verbs.Queue, "prefer_for"): duration(1, 3600),
    (verbs.Callback, "skills"): WANTED,
    (verbs.Callback, "prefer"): choice("last", "owner", "both"),
    (verbs.Callback, "prefer_for"): duration(1, 3600),
    (verbs.Transfer, "ring"): duration(5, 120),
    (verbs.Callback, "priority"): either(number(1, 10), map_of(LEVEL, number(1, 10))),
    (verbs.Callback, "attempts"): number(1, 9),
    (verbs.Callback, "ring"): duration(5, 120),
    (verbs.Callback, "pause"): duration(10, 14_400),
    (verbs.Callback, "within"): duration(60, 604_800),
    (verbs.Entitlement, "by"): choice("caller", "number", "pin"),
    (verbs.Request, "priority"): number(1, 10),
    (verbs.Survey, "scale"): scalar(
        "scale",
        "a scale from 1 to 9 at most, such as 1-5",
        _scale,
        {"type": "string", "pattern": "^[1-8]-[2-9]$"},
    ),
    (verbs.Survey, "resolved_keys"): map_of(DIGIT, yes_no_or(NEITHER)),
    (verbs.Status, "most"): number(1, 9),
    (Problem, "due"): duration(60, 90 * 86_400),
    (Problem, "priority"): number(1, 10),
}


@cache
def kind_of(hint: Any) -> Kind:
    """The kind of a type hint; KeyError tells a programmer that a type is not known here."""
    if hint in KINDS:
        return KINDS[hint]
    origin, args = get_origin(hint), get_args(hint)
    if origin in (Union, types.UnionType):
        return kind_of(next(a for a in args if a is not type(None)))
    if origin is tuple:
        return list_of(SKILL if args[0] is str else kind_of(args[0]))
    if origin is frozenset:
        return set_of(SKILL if args[0] is str else kind_of(args[0]))
    if origin is not None and issubclass(origin, Mapping):
        return map_of(kind_of(args[0]), kind_of(args[1]))
    raise KeyError(f"no kind for {hint!r}")


def options(cls: type) -> tuple[Option, ...]:
    """A class's fields as an admin may write them, in order; the first of a verb is its keyword."""
    return _options(cls)


@cache
def _options(cls: Any) -> tuple[Option, ...]:
    hints = get_type_hints(cls)
    return tuple(
        Option(
            x.name,
            NARROWER.get((cls, x.name)) or kind_of(hints[x.name]),
            x.default is MISSING and x.default_factory is MISSING,
            None if x.default is MISSING else x.default,
        )
        for x in fields(cls)
    )


#: What to write for an option that is missing.
WHY: dict[str, str] = {
    "otherwise": "where to send a caller who gives no valid answer",
    "on_declined": "where to send a caller who does not want to be rung back, or cannot be",
    "on_timeout": "where to send a caller whom nobody answers in time",
    "on_failed": "where to send a caller for whom it does not succeed",
    "on_refused": "where to send a caller whose digits are wrong",
    "on_closed": "where to send a caller who comes while it is closed",
    "choices": "which key leads where, like { 1: sales }",
    "cases": "which value leads where, like { gold: fast_lane }",
    "into": "the name of the variable that takes the digits",
    "digits": "how many digits are wanted, like 6 or 6-8",
    "by": "how the caller is known: caller (their number), number, or pin",
    "on_unknown": "where to send a caller whom nobody knows",
    "on_expired": "where to send a customer whose contract does not run today",
    "on_blocked": "where to send a customer who may not be served",
    "allow": 'what may be dialled out, like [ "+359*", "112" ]',
    "on_failure": "what counts while the source does not answer: open lets callers in, closed does not",
    "title": "its name for the people who work with it",
    "providers": "who sees to it: names, each with a title and categories",
    "categories": "the services: names, each with a title and codes",
    "codes": "what can be wrong: problem codes, each with its options",
    "levels": "the levels its customers have, like [gold, silver]",
}


def read_options(
    wanted: tuple[Option, ...], node: MappingNode, reader: Reader, what: str, at: Place | None = None
) -> tuple[dict[str, Any], bool]:
    """Read a mapping's entries as options: what could be read, and whether everything could.

    `what` names the owner in messages ("menu", "queue 'sales'"); a missing option is reported at `at`, or at the mapping.
    """
    known = {o.name: o for o in wanted}
    meant: set[str] = set()
    values: dict[str, Any] = {}
    good = True
    for name, (key, value) in node.entries.items():
        if name not in known:
            hint = guess(name, known)
            meant |= {o for o in known if f"'{o}'" in hint and hint.startswith("did")}
            text = f"{short(name)} is not an option of {what}"
            reader.report.add(
                key.place, "unknown-option", text, odd(name) or hint or f"known: {', '.join(known)}"
            )
            good = False
            continue
        read = known[name].kind.read(value, reader)
        if read is BAD:
            good = False
        else:
            values[name] = read
    for option in wanted:
        if option.required and option.name not in node.entries and option.name not in meant:
            why = WHY.get(option.name, option.kind.written)
            reader.report.add(at or node.place, "missing-option", f"{what} needs '{option.name}'", why)
            good = False
    return values, good
