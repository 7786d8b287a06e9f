"""site.yaml -> `Settings`, with the place of every name, for the checks that follow."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any, cast

from engine.config.calendars import public_holidays
from engine.config.kinds import BAD, Option, Reader, Ref, read_options
from engine.config.report import Place, Report
from engine.config.sitekinds import EXTERNAL_OPTIONS, QUEUE_DEFAULTS, SECTIONS, SPEECH_OPTIONS, TOP
from engine.config.source import Mapping as MappingNode
from engine.config.source import Node, Scalar, Sequence, place_of
from engine.core import site as s
from engine.entitle.rows import COLUMNS
from engine.speech.models import SMALL, small_model

Values = dict[str, Any]


#: Where prompts lie that site.yaml does not look for elsewhere.
PROMPTS = "../prompts"


@dataclass(slots=True)
class SiteFile:
    """site.yaml as it is written: `settings` is None while anything in it cannot be read."""

    file: str
    root: MappingNode
    languages: tuple[str, ...] = ("en",)
    #: Whether these are what the file says; else nobody can say which language is none of them.
    languages_read: bool = True
    prompts: str = PROMPTS
    today: date = date.min
    settings: s.Settings | None = None
    refs: list[Ref] = field(default_factory=list)

    def names(self, *sections: str) -> dict[str, Place]:
        """The names a section gives, readable or not, and where they stand."""
        found: dict[str, Place] = {}
        for section in sections:
            node = self.root.get(section)
            if isinstance(node, MappingNode):
                found.update({name: key.place for name, (key, _) in node.entries.items()})
        return found

    def section(self, name: str) -> Place:
        """Where a section's key stands; the file's first line where it is not written."""
        return self.root.key(name) if name in self.root.entries else Place(self.file)

    def at(self, *path: str | int, key: bool = False) -> Place:
        """Where a value (or its key) stands."""
        return place_of(self.root, *path, key=key)


def read_site(root: Node, file: str, today: date, report: Report, folder: Path) -> SiteFile | None:
    """Read site.yaml; None when it is no mapping. Holidays are resolved from `today`'s year on, files it names from `folder`."""
    if not isinstance(root, MappingNode):
        report.add(
            root.place,
            "not-a-mapping",
            "site.yaml holds keys such as 'numbers' and 'queues'",
            "see docs/flows.md",
        )
        return None
    before = report.errors
    reader = Reader(report)
    top, _ = read_options(TOP, root, reader, "site.yaml", Place(file))
    known = SiteFile(file, root, today=today)
    known.languages = top.get("languages", known.languages)
    known.languages_read = "languages" in top
    known.prompts = top.get("prompts", known.prompts)
    defaults = _read_block(root, "queue_defaults", QUEUE_DEFAULTS, reader)
    external = _read_block(root, "external", EXTERNAL_OPTIONS, reader)
    speech = _read_block(root, "speech", SPEECH_OPTIONS, reader)
    sections = {name: _read_section(root, name, reader) for name in SECTIONS}
    known.refs = reader.refs
    if report.errors == before:
        known.settings = _settings(top, external, speech, defaults, sections, today, folder.absolute())
    return known


def _read_block(root: MappingNode, name: str, wanted: tuple[Option, ...], reader: Reader) -> Values:
    node = root.get(name)
    if node is None:
        return {}
    if not isinstance(node, MappingNode):
        reader.bad(node, f"'{name}' holds options", f"known: {', '.join(o.name for o in wanted)}")
        return {}
    return read_options(wanted, node, reader, name, root.key(name))[0]


def _read_section(root: MappingNode, section: str, reader: Reader) -> dict[str, Values]:
    node = root.get(section)
    if node is None or (isinstance(node, Scalar) and node.empty):
        return {}
    if not isinstance(node, MappingNode):
        hint = f"like {section}: {{ name: {{ … }} }}"
        hint += ", without '- ' and without brackets" if isinstance(node, Sequence) else ""
        reader.bad(node, f"'{section}' holds names, each with its options", hint)
        return {}
    kind, wanted = SECTIONS[section]
    found: dict[str, Values] = {}
    for name, (key, value) in node.entries.items():
        good = kind.read(key, Reader(reader.report)) is not BAD
        options = MappingNode(key.place) if isinstance(value, Scalar) and value.empty else value
        if not isinstance(options, MappingNode):
            example = ", ".join(o.name for o in wanted[:3])
            reader.bad(
                options,
                f"options are expected here, such as {example}",
                f"like {name}: {{ {wanted[0].name}: … }}",
            )
            continue
        what = f"{section.removesuffix('s')} '{name}'"
        found[name] = read_options(wanted, options, reader, what, key.place)[0] if good else {}
    return found


def _settings(
    top: Values,
    external: Values,
    speech: Values,
    defaults: Values,
    sections: Mapping[str, dict[str, Values]],
    today: date,
    folder: Path,
) -> s.Settings:
    """All sections in the core's classes; called only when everything could be read."""
    return s.Settings(
        languages=top["languages"],
        numbers=top["numbers"],
        sites={n: _site(n, v, today) for n, v in sections["sites"].items()},
        schedules={n: _schedule(n, v) for n, v in sections["schedules"].items()},
        queues={n: s.QueueRule(n, **{**defaults, **v}) for n, v in sections["queues"].items()},
        groups={n: s.GroupRule(n, **v) for n, v in sections["groups"].items()},
        agents={n: s.AgentRule(n, **v) for n, v in sections["agents"].items()},
        phones={n: s.Phone(n, **v) for n, v in sections["phones"].items()},
        pause_reasons={n: s.PauseReason(n, **v) for n, v in sections["pause_reasons"].items()},
        wrap_up_codes={n: s.WrapUpCode(n, **v) for n, v in sections["wrap_up_codes"].items()},
        trunks={n: s.Trunk(n, **v) for n, v in sections["trunks"].items()},
        services={n: s.Service(n, **v) for n, v in sections["services"].items()},
        asterisk=top.get("asterisk", "private"),
        external=cast("dict[str, str]", external),
        emergency=top.get("emergency", False),
        parking=top.get("parking", ()),
        override_pin=top.get("override_pin"),
        prompts=top.get("prompts", "../prompts"),
        models={n: _model(n, said, folder) for n, said in speech.get("models", {}).items()},
        entitlement={n: _source(n, v, folder) for n, v in sections["entitlement"].items()},
        outbound={n: s.OutboundRule(n, **v) for n, v in sections["outbound"].items()},
    )


def _model(language: str, said: str, folder: Path) -> str:
    """Where a language's model lies: the one that is fetched, or a folder seen from the site's."""
    small = small_model(language) if said == SMALL else None
    return str(small or os.path.normpath(folder / said))


def _source(name: str, values: Values, folder: Path) -> s.SourceRule:
    """Files are seen from the site's folder; a table whose columns are not named has ours, by our names."""
    own = {"columns": values.get("columns") or {column: column for column in COLUMNS}}
    if "file" in values:
        own["file"] = os.path.normpath(folder / values["file"])
    return s.SourceRule(name, **{**values, **own})


def _site(name: str, values: Values, today: date) -> s.Site:
    region = values.get("holidays")
    return s.Site(
        name,
        values["timezone"],
        values["open"],
        public_holidays(region, today.year) if region else {},
        values.get("exceptions", {}),
        values.get("emergency", False),
    )


def _schedule(name: str, values: Values) -> s.ScheduleRule:
    override = values.get("override")
    return s.ScheduleRule(name, values["any_of"], s.Override(override) if override else None)
