"""knowledge.yaml -> the articles that `answers` tells, each with the place of what it names."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from graphlib import CycleError, TopologicalSorter

from engine.config.flowfile import FlowFile, first_key
from engine.config.kinds import BAD, Option, Reader, Ref, named, options, read_options
from engine.config.prompts import Catalog
from engine.config.report import Place, Report, guess, in_languages
from engine.config.source import Mapping as MappingNode
from engine.config.source import Node
from engine.core.knowledge import Article

FILE = "knowledge.yaml"
NAME = named("article", "an article's name")


def article_options() -> tuple[Option, ...]:
    """What may be written of an article: the fields of the core's class but its name."""
    return tuple(option for option in options(Article) if option.name != "name")


@dataclass(slots=True)
class KnowledgeFile:
    """knowledge.yaml as it is written: the articles that could be read, where each stands, and what they name."""

    file: str
    articles: dict[str, Article] = field(default_factory=dict)
    places: dict[str, Place] = field(default_factory=dict)
    refs: list[tuple[str, Ref]] = field(default_factory=list)


def read_knowledge(root: Node, file: str, report: Report) -> KnowledgeFile:
    """Read the file; what is wrong with it goes to the report."""
    known = KnowledgeFile(file)
    entries = root.get("articles") if isinstance(root, MappingNode) else None
    if not isinstance(root, MappingNode) or not isinstance(entries, MappingNode) or len(root.entries) > 1:
        place = first_key(root) if isinstance(root, MappingNode) else root.place
        text = "knowledge.yaml holds 'articles': names, each with its options"
        report.add(place, "not-a-mapping", text, "like articles: { opening_hours: { say: our_hours } }")
        return known
    for name, (key, value) in entries.entries.items():
        if NAME.read(key, Reader(report)) is not BAD:
            known.places[name] = key.place
            _read_article(known, name, key.place, value, report)
    return known


def _read_article(known: KnowledgeFile, name: str, place: Place, node: Node, report: Report) -> None:
    reader = Reader(report)
    if not isinstance(node, MappingNode):
        reader.bad(node, "an article's options are expected here", f"like {name}: {{ say: some_prompt }}")
        return
    values, good = read_options(article_options(), node, reader, f"article '{name}'", place)
    known.refs += [(name, ref) for ref in reader.refs]
    if good:
        known.articles[name] = Article(name, **values)
        _shape(known.articles[name], place, report)


def _shape(article: Article, place: Place, report: Report) -> None:
    """An article speaks or asks; a question has two answers, and nothing else leads on from it."""
    asks = article.ask is not None
    wrong = (
        "neither says nor asks anything"
        if not asks and not article.say
        else "asks a question but does not lead on with both 'yes' and 'no'"
        if asks and (article.yes is None or article.no is None)
        else "has 'yes' or 'no' without a question"
        if not asks and (article.yes or article.no)
        else "asks a question, so 'next' would never be reached"
        if asks and article.next
        else ""
    )
    if wrong:
        hint = "write say, or ask with yes and no"
        report.add(place, "article-shape", f"article '{article.name}' {wrong}", hint)


def check_knowledge(
    known: KnowledgeFile,
    flows: list[FlowFile],
    languages: tuple[str, ...],
    catalog: Catalog | None,
    report: Report,
) -> None:
    """Every name an article uses exists, in every language; nobody goes round for ever; every article is told somewhere."""
    for _, ref in known.refs:
        if ref.to == "article" and ref.name not in known.places:
            hint = guess(ref.name, known.places)
            report.add(ref.place, "unknown-article", f"there is no article '{ref.name}'", hint)
        elif ref.to == "prompt" and catalog is not None:
            _prompt(ref, languages, catalog, report)
    _circles(known, report)
    asked = {ref.name for flow in flows for refs in flow.refs.values() for ref in refs if ref.to == "article"}
    told = _reached(known.articles, asked)
    for name, place in known.places.items():
        if name in known.articles and name not in told:
            text = f"no flow leads to article '{name}'"
            report.warn(
                place, "unused-article", text, "begin answers with it, or lead there from another article"
            )


def _prompt(ref: Ref, languages: tuple[str, ...], catalog: Catalog, report: Report) -> None:
    lacking = [
        language
        for language in languages
        if language in catalog.languages and not catalog.written(language, ref.name)
    ]
    if lacking:
        text = f"prompt '{ref.name}' has no text {in_languages(lacking)}"
        report.add(ref.place, "missing-prompt", text, guess(ref.name, catalog.ids(lacking[0])))


def _circles(known: KnowledgeFile, report: Report) -> None:
    """Report each circle of articles once, at its first article in the file."""
    leads = {
        name: [str(to) for to in article.leads() if to in known.articles]
        for name, article in known.articles.items()
    }
    order = list(leads)
    while (circle := _circle(leads)) is not None:
        first = min(circle, key=order.index)
        turned = [*circle[circle.index(first) :], *circle[: circle.index(first)]]
        text = f"articles lead to each other for ever: {' → '.join([*turned, first])}"
        report.add(known.places[first], "article-circle", text, "let one of them end")
        leads[circle[0]].remove(circle[1 % len(circle)])


def _circle(leads: Mapping[str, list[str]]) -> list[str] | None:
    """The articles of a circle, each leading to the next and the last to the first; None where there is none."""
    try:
        TopologicalSorter(leads).prepare()
    except CycleError as error:
        return list(reversed(error.args[1]))[1:]
    return None


def _reached(articles: Mapping[str, Article], names: set[str]) -> set[str]:
    """All articles some way from these leads to."""
    seen: set[str] = set()
    todo = list(names)
    while todo:
        name = todo.pop()
        if name in articles and name not in seen:
            seen.add(name)
            todo += articles[name].leads()
    return seen
