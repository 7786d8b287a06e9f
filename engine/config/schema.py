"""JSON schemas for editors, made from the same classes and kinds the parser reads with.

A file that begins with `# yaml-language-server: $schema=flow.schema.json` is then completed and checked while it is
typed. The schema says what one file may hold; `quietline check` also knows what the files must say together.
"""

from __future__ import annotations

import inspect
import json
from collections.abc import Iterable, Mapping
from typing import Any

from engine.config.casefile import CASE_NAME
from engine.config.casefile import OPTIONS as CASE_OPTIONS
from engine.config.catalogfile import LEVELS
from engine.config.catalogfile import TOP as DEPARTMENTS
from engine.config.flowfile import FLOW_OPTIONS
from engine.config.kinds import KINDS, Kind, Option, options
from engine.config.knowledge import article_options
from engine.config.sitekinds import EXTERNAL_OPTIONS, NAME, QUEUE_DEFAULTS, SECTIONS, SPEECH_OPTIONS, TOP
from engine.core.flow import Action, StepName
from engine.core.verbs import VERBS

_DIALECT = "http://json-schema.org/draft-07/schema#"
Schema = dict[str, Any]


def flow_schema() -> Schema:
    """The schema of a flow's file."""
    root = _object(FLOW_OPTIONS, "A Quietline flow: named steps, each a list of actions.")
    actions = [{"$ref": f"#/definitions/{word}"} for word in VERBS]
    bare = [word for word, cls in VERBS.items() if not options(cls)[0].required]
    step = {"type": "array", "minItems": 1, "items": {"anyOf": [{"enum": bare}, *actions]}}
    root["properties"]["steps"] = {"minProperties": 1, **_named(KINDS[StepName], step)}
    definitions = {word: _verb(cls) for word, cls in VERBS.items()}
    return {"$schema": _DIALECT, "title": "Quietline flow", **root, "definitions": definitions}


def site_schema() -> Schema:
    """The schema of site.yaml."""
    root = _object(TOP, "A Quietline site: numbers, hours, queues, agents and trunks.")
    blocks = root["properties"]
    blocks["external"] = _object(EXTERNAL_OPTIONS, "How to reach an Asterisk that already runs.")
    blocks["speech"] = _object(SPEECH_OPTIONS, "What hears callers' words.")
    blocks["queue_defaults"] = _object(QUEUE_DEFAULTS, "What all queues share unless they say otherwise.")
    for name, (kind, wanted) in SECTIONS.items():
        entry = _object(wanted, f"One of the {name}.")
        required = entry["required"]
        entries = entry if required else {"anyOf": [{"type": "null"}, entry]}
        blocks[name] = {**_named(kind, entries), "type": ["object", "null"]}
    return {"$schema": _DIALECT, "title": "Quietline site", **root}


def case_schema() -> Schema:
    """The schema of a file of cases."""
    case = _object(CASE_OPTIONS, "One call, and what must come of it.")
    anyone = {"anyOf": [{"required": ["flow"]}, {"required": ["number"]}]}
    cases = {"minProperties": 1, **_named(CASE_NAME, {**case, **anyone})}
    return {"$schema": _DIALECT, "title": "Quietline cases", **_only("cases", cases)}


def knowledge_schema() -> Schema:
    """The schema of knowledge.yaml: an article speaks, or asks a question with two answers."""
    article = _object(article_options(), "One article.")
    speaks = {"required": ["say"], "properties": {"ask": False, "yes": False, "no": False}}
    asks = {"required": ["ask", "yes", "no"], "properties": {"next": False}}
    articles = _named(NAME, {**article, "anyOf": [speaks, asks]})
    return {"$schema": _DIALECT, "title": "Quietline knowledge", **_only("articles", articles)}


def catalog_schema() -> Schema:
    """The schema of catalog.yaml."""
    below: Schema = {}
    for level in reversed(LEVELS):
        entry = _object(level.options, f"A {level.word} of the catalog.")
        if level.below:
            entry["properties"][level.below] |= below
        below = {"minProperties": 1, **_named(level.name, entry)}
    return {"$schema": _DIALECT, "title": "Quietline catalog", **_only(DEPARTMENTS, below)}


def texts() -> Mapping[str, str]:
    """File name -> the schema's text, as it is committed."""
    made = {"flow.schema.json": flow_schema(), "site.schema.json": site_schema()}
    made |= {"case.schema.json": case_schema(), "knowledge.schema.json": knowledge_schema()}
    made["catalog.schema.json"] = catalog_schema()
    return {name: json.dumps(schema, indent=1, ensure_ascii=False) + "\n" for name, schema in made.items()}


def _verb(cls: type[Action]) -> Schema:
    first, *rest = options(cls)
    schema = _object((first, *rest), inspect.getdoc(cls) or "")
    schema["required"] = [first.name, *(o.name for o in rest if o.required)]
    if not first.required:
        schema["properties"][first.name] = {"anyOf": [{"type": "null"}, schema["properties"][first.name]]}
    return schema


def _named(kind: Kind, entry: Schema) -> Schema:
    """A mapping of names to entries."""
    names = {"propertyNames": {"pattern": kind.schema["pattern"]}} if "pattern" in kind.schema else {}
    return {"type": "object", "additionalProperties": entry, **names}


def _only(key: str, value: Schema) -> Schema:
    """A file that holds nothing but one key."""
    return {"type": "object", "additionalProperties": False, "required": [key], "properties": {key: value}}


def _object(wanted: Iterable[Option], description: str) -> Schema:
    listed = list(wanted)
    return {
        "description": description,
        "type": "object",
        "additionalProperties": False,
        "required": [o.name for o in listed if o.required],
        "properties": {o.name: {"description": o.kind.written, **o.kind.schema} for o in listed},
    }
