"""Write `spec.py` and `events.py` from the description an installed Asterisk ships.

    python -m engine.ari.generate ROOT

ROOT is the folder Asterisk is installed under, "/" for the system's own.

Both files say which version they come from; a test generates them again and compares.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator
from dataclasses import fields
from keyword import iskeyword
from pathlib import Path
from typing import Any

from engine.ari import swagger
from engine.errors import SetupError

HERE = Path(__file__).parent
LINE = 110

SPEC_HEAD = '''"""Generated from Asterisk {version}'s own description of ARI by `engine.ari.generate`; change nothing."""

# ruff: noqa: E501

from __future__ import annotations

from typing import Final

from engine.ari.swagger import Field, Model, Operation, Parameter

ASTERISK: Final = "{version}"
'''

EVENTS_HEAD = '''"""Generated from Asterisk {version}'s own description of ARI by `engine.ari.generate`; change nothing.

What Asterisk reports, as typed dictionaries: an event stays the dictionary it was parsed into, so a type
costs nothing at run time. `type` tells events apart: `if event["type"] == "StasisStart"` narrows an `Event`.
"""

from __future__ import annotations

from typing import Any, Literal, NotRequired, TypedDict'''

#: What the words for plain types mean in Python.
PLAIN = {
    "string": "str",
    "int": "int",
    "long": "int",
    "double": "float",
    "boolean": "bool",
    "Date": "str",
    "object": "dict[str, Any]",
    "containers": "dict[str, Any]",
}

#: The roots of the family of events, and what every event carries beside its `type`.
ROOTS = ("Message", "Event")
ENVELOPES = ("RESTRequest", "RESTResponse", "MissingParams")


def render_spec(spec: swagger.Spec) -> str:
    """The text of `spec.py`, a line a fact; formatted here, a formatter would make it five times as long."""
    lines = [
        SPEC_HEAD.format(version=spec.version),
        "# fmt: off",
        "OPERATIONS: Final[tuple[Operation, ...]] = (",
    ]
    for op in spec.operations:
        lines += _entry("Operation", (op.id, op.method, op.path, op.returns, op.errors), op.parameters)
    lines += [")", "", "MODELS: Final[tuple[Model, ...]] = ("]
    for model in spec.models:
        lines += _entry("Model", (model.name, model.base), model.fields)
    return "\n".join([*lines, ")", "# fmt: on", ""])


def _entry(name: str, facts: tuple[Any, ...], parts: Iterable[Any]) -> Iterator[str]:
    head = f"    {name}({', '.join(_literal(fact) for fact in facts)}"
    inner = [f"        {_call(part)}," for part in parts]
    yield from [f"{head}, (", *inner, "    )),"] if inner else [f"{head}),"]


def _call(fact: Any) -> str:
    """A dataclass as the call that makes it, without what is default anyway."""
    shown = []
    for index, field in enumerate(fields(fact)):
        value = getattr(fact, field.name)
        if index < 2 or value != field.default:
            positional = index < (3 if isinstance(fact, swagger.Parameter) else 2)
            shown.append(_literal(value) if positional else f"{field.name}={_literal(value)}")
    return f"{type(fact).__name__}({', '.join(shown)})"


def _literal(value: Any) -> str:
    if isinstance(value, tuple):
        return f"({', '.join(_literal(one) for one in value)}{',' if len(value) == 1 else ''})"
    return json.dumps(value) if isinstance(value, str) else repr(value)


def render_events(spec: swagger.Spec) -> str:
    """The text of `events.py`: a TypedDict for each model, and the union of all events."""
    models = {model.name: model for model in spec.models}
    events = [m.name for m in spec.models if m.base == "Event" and m.name not in ENVELOPES]
    blocks = [EVENTS_HEAD.format(version=spec.version)]
    for model in spec.models:
        if model.name not in (*ROOTS, *ENVELOPES, *events):
            blocks.append(_typed(model, "TypedDict", model.fields))
    shared = tuple(f for root in ROOTS for f in models[root].fields if f.name != "type")
    blocks.append(_typed(swagger.Model("AnyEvent"), "TypedDict", shared))
    for name in events:
        blocks.append(_typed(models[name], "AnyEvent", models[name].fields, discriminator=True))
    union = "\n    | ".join(events)
    return "\n\n\n".join([*blocks, f"Event = (\n    {union}\n)\n"])


def _typed(
    model: swagger.Model, base: str, parts: tuple[swagger.Field, ...], *, discriminator: bool = False
) -> str:
    if any(iskeyword(part.name) for part in parts):  # such a field can only be named in a string
        inner = "".join(f'        "{part.name}": {_hint(part)},\n' for part in parts)
        return f'{model.name} = {base}(\n    "{model.name}",\n    {{\n{inner}    }},\n)'
    lines = [f'    type: Literal["{model.name}"]'] if discriminator else []
    lines += [_line(part) for part in parts]
    return "\n".join([f"class {model.name}({base}):", *(lines or ["    pass"])])


def _line(field: swagger.Field) -> str:
    """One field as a formatter would write it: values too long for one line stand one below the other."""
    line = f"    {field.name}: {_hint(field)}"
    if len(line) <= LINE:
        return line
    head, _, rest = line.partition("Literal[")
    values, _, tail = rest.partition("]")
    inner = "".join(f"        {value},\n" for value in values.split(", "))
    return f"{head}Literal[\n{inner}    ]{tail}"


def _hint(field: swagger.Field) -> str:
    values = ", ".join(_literal(value) for value in field.allowed)
    hint = f"Literal[{values}]" if values and field.type == "string" else _python(field.type)
    return hint if field.required else f"NotRequired[{hint}]"


def _python(word: str) -> str:
    if word.startswith("List["):
        return f"list[{_python(word[5:-1])}]"
    return PLAIN.get(word, word)


def files(root: Path) -> dict[Path, str]:
    """What the generated files must hold for the Asterisk under `root`."""
    spec = swagger.read(root)
    return {HERE / "spec.py": render_spec(spec), HERE / "events.py": render_events(spec)}


def main(arguments: list[str]) -> int:
    """Write both files; says how it is used when the root is not named."""
    if len(arguments) != 1:
        print("usage: python -m engine.ari.generate ROOT", file=sys.stderr)
        return 2
    try:
        made = files(Path(arguments[0]))
    except SetupError as error:
        print(error, file=sys.stderr)
        return 1
    for path, text in made.items():
        path.write_text(text)
        print(f"{path.name}: {len(text.splitlines())} lines")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
