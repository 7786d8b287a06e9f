"""Files made from the classes of flows and settings: `python -m engine.config.generated` writes them anew, a test holds them up to date.

ivr_flows/*.schema.json                         for editors: flow, site, case, knowledge, catalog
docs/codes.md                                   every code of a report
docs/flows.md                                   only what stands between its two marks: the tables of options
"""

from __future__ import annotations

import inspect
from collections.abc import Iterable
from pathlib import Path

from engine.config.casefile import OPTIONS as CASE_OPTIONS
from engine.config.catalogfile import LEVELS
from engine.config.codes import document
from engine.config.kinds import Option, options, spell
from engine.config.schema import texts
from engine.config.sitekinds import EXTERNAL_OPTIONS, QUEUE_DEFAULTS, SECTIONS, SPEECH_OPTIONS, TOP
from engine.config.texts import SPOKEN_BY_ENGINE
from engine.core.flow import DigitRange
from engine.core.ranking import CHOOSERS
from engine.core.strategies import STRATEGIES
from engine.core.verbs import VERBS

BEGIN, END = "<!-- made by python -m engine.config.generated: begin -->", "<!-- end -->"


def files(root: Path) -> dict[Path, str]:
    """Every generated file below the project's root, with the text it should hold."""
    made = {root / "ivr_flows" / name: text for name, text in texts().items()}
    flows = root / "docs" / "flows.md"
    made[root / "docs" / "codes.md"] = document()
    made[flows] = filled(flows.read_text(encoding="utf-8"))
    return made


def filled(page: str) -> str:
    """The page with new tables between its marks."""
    before, _, rest = page.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n\n{tables()}\n\n{END}{after}"


def tables() -> str:
    """A table for every verb, every section of site.yaml, and every level of the catalog."""
    verbs = [f"### {word}\n\n{_about(cls)}\n\n{_table(options(cls))}" for word, cls in VERBS.items()]
    blocks = [("queue_defaults", QUEUE_DEFAULTS), ("external", EXTERNAL_OPTIONS), ("speech", SPEECH_OPTIONS)]
    blocks += [(name, wanted) for name, (_, wanted) in SECTIONS.items()]
    sections = [f"### site.yaml: {name}\n\n{_table(wanted)}" for name, wanted in blocks]
    sections += [f"### catalog.yaml: a {level.word}\n\n{_table(level.options)}" for level in LEVELS]
    cases = f"### tests/*.yaml: a case\n\n{_table(CASE_OPTIONS)}"
    return "\n\n".join([*verbs, f"### site.yaml\n\n{_table(TOP)}", *sections, _rules(), cases, _spoken()])


def _rules() -> str:
    """What the words of `choose` and `strategy` mean."""
    choose = [f"| `choose: {rule.name}` | {rule.about} |" for rule in CHOOSERS.values()]
    strategies = [f"| `strategy: {rule.name}` | {rule.about} |" for rule in STRATEGIES.values()]
    head = (
        "### site.yaml: which queue of a group, which agent of a queue\n\n| written as | chooses |\n|---|---|"
    )
    return "\n".join([head, *choose, *strategies])


def _spoken() -> str:
    """The texts that no flow names."""
    rows = [
        f"| `{id}` | {when} | {f'`{value}`' if value else '–'} |"
        for id, (when, value) in SPOKEN_BY_ENGINE.items()
    ]
    head = "### Texts the engine itself speaks\n\nEvery language of the site needs them; those of verbs stand above as defaults."
    return "\n".join([head, "", "| prompt | spoken | value it may speak |", "|---|---|---|", *rows])


def _about(cls: type) -> str:
    return " ".join((inspect.getdoc(cls) or "").split())


def _table(wanted: Iterable[Option]) -> str:
    rows = [f"| `{o.name}` | {o.kind.written.replace('<', '&lt;')} | {_default(o)} |" for o in wanted]
    return "\n".join(["| option | written as | if left out |", "|---|---|---|", *rows])


def _default(option: Option) -> str:
    if option.required:
        return "**required**"
    match option.default:
        case None | "" | ():
            return "–"
        case bool(value):
            return "yes" if value else "no"
        case int(value) | float(value) if option.kind.name == "duration":
            return spell(value)
        case tuple(names):
            return ", ".join(map(str, names))
        case DigitRange(least, most):
            return f"{least}-{most}"
        case value:
            return str(value) if isinstance(value, str | int) else "–"


def main(root: Path) -> None:
    """Write every generated file."""
    for path, text in files(root).items():
        path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main(Path.cwd())
