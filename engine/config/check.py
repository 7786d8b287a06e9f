"""What must hold between the files of a site, once each of them can be read.

    site.yaml    every name it uses exists; no name means two things; agents have one phone, trunks one way to be known
    flows        every step, queue, schedule, prompt, language and skill named exists; prompts exist in every language of the flow
    catalog      every problem code a flow uses is in it, and is given what it requires
    paths        `engine.config.paths`: steps end, silent callers reach an end
    recordings   `engine.config.recorded`: they are there, can be played, and say what the texts say
    texts        `engine.config.texts`: each language says what the engine speaks, the same values, and words for the same choices
    speaking     `engine.config.speaking`: models for callers' words, and words that these do not know
    spoken       `engine.config.spoken`: what can be pressed can be said, and no two choices sound alike
    idle         `engine.config.idle`: no option is without effect beside the others
    surveys      `engine.config.surveys`: the question whether the matter is resolved is one of the survey's
    variables    `engine.config.variables`: they are set before they are used, and secret ones are told to nobody

A rule that only needs names also runs on files that hold other errors, so that everything is told at once.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from engine.config.catalogfile import CatalogFile, check_codes
from engine.config.doors import check_hours, reserved_names
from engine.config.entitling import check_entitlement, check_sources, levels, unknown_level
from engine.config.flowfile import HEAD, FlowFile, first_key, flow_paths
from engine.config.idle import check_idle
from engine.config.kinds import Ref
from engine.config.knowledge import KnowledgeFile, check_knowledge
from engine.config.manning import check_manning
from engine.config.outgoing import check_outbound, check_rung
from engine.config.paths import check_paths
from engine.config.prompts import Catalog
from engine.config.report import Place, Report, guess, in_languages, likely
from engine.config.sitefile import SiteFile
from engine.config.source import Mapping as MappingNode
from engine.config.source import Node, Scalar, Sequence, place_of
from engine.config.speaking import check_speech
from engine.config.spoken import check_spoken
from engine.config.subflows import link_flows, runs
from engine.config.surveys import check_surveys
from engine.config.texts import check_texts
from engine.config.variables import check_variables
from engine.config.whilewaiting import check_waiting
from engine.core.conversation import PARKED_AT
from engine.core.overrides import EVERYTHING
from engine.core.sources import Network, Source, source_of


def check_all(
    site: SiteFile,
    flows: list[FlowFile],
    knowledge: KnowledgeFile | None,
    codes: CatalogFile | None,
    catalog: Catalog | None,
    report: Report,
) -> None:
    """Every rule between the files; problems go to the report."""
    for rule in (
        _names,
        _references,
        _lists,
        _agents,
        _trunks,
        _external,
        _unattended,
        reserved_names,
    ):
        rule(site, report)
    check_sources(site, report)
    check_outbound(site, report)
    check_manning(site, flows, catalog, report)
    _numbers(site, flows, report)
    _parking(site, report)
    for flow in flows:
        flow.languages_read = site.languages_read or "languages" in flow.root.entries
    link_flows(flows, report)
    if catalog is not None:
        _languages(site, catalog, report)
        _whispers(site, catalog, report)
        _recording(site, catalog, report)
        for slot in [*_scalars(site.root.get("parking"))][:1]:
            _spoken_to_agents(site, slot, PARKED_AT, catalog, report)
        check_texts(site, flows, catalog, report)
        check_spoken(flows, catalog, report)
        check_speech(site, catalog, report)
    for flow in flows:
        check_flow(flow, site, catalog, report)
        check_entitlement(flow, site, report)
    check_rung(flows, site, report)
    check_waiting(site, catalog, report)
    check_idle(site, flows, report)
    check_surveys(flows, report)
    check_variables(flows, catalog, report)
    _articles(flows, knowledge, report)
    if knowledge is not None:
        check_knowledge(knowledge, flows, site.languages, catalog, report)
    if codes is not None:
        check_codes(codes, flows, report)
    check_hours(site, flows, report)


def check_flow(flow: FlowFile, site: SiteFile, catalog: Catalog | None, report: Report) -> None:
    """Every rule about one flow."""
    _file_name(flow, report)
    for (step, _), refs in flow.refs.items():
        for ref in refs:
            _refer(flow, step, ref, site, catalog, report)
    if flow.flow is not None:
        wrong = {
            ref.name for refs in flow.refs.values() for ref in refs if ref.to == "step"
        } - flow.steps.keys()
        meant = {likely(name, flow.steps) for name in wrong}
        check_paths(flow, flow.flow, report, frozenset(name for name in meant if name))


# --- site.yaml ----------------------------------------------------------------------------------


def _names(site: SiteFile, report: Report) -> None:
    """A name used in one place for two things cannot be told apart."""
    for one, other in (
        ("queues", "groups"),
        ("sites", "schedules"),
        ("agents", "trunks"),
        ("agents", "phones"),
    ):
        first = site.names(one)
        for name, place in site.names(other).items():
            if name in first:
                text = f"'{name}' is also the name of one of the {one}"
                report.add(
                    place, "same-name", text, "rename one of them", also=[(first[name], "the other one")]
                )


def _references(site: SiteFile, report: Report) -> None:
    sections = {
        "queue": ("queues",),
        "schedule": ("schedules", "sites"),
        "site": ("sites",),
        "trunk": ("trunks",),
        "wrap-up-code": ("wrap_up_codes",),
    }
    for ref in site.refs:
        if ref.to in sections:
            _known(ref, site, sections[ref.to], report)


def _known(ref: Ref, site: SiteFile, sections: tuple[str, ...], report: Report) -> None:
    """The name must stand in one of the sections; a section that cannot be read is told about once, not here."""
    known = site.names(*sections)
    written = [node for s in sections if (node := site.root.get(s)) is not None]
    if ref.name in known or not all(isinstance(node, MappingNode) for node in written):
        return
    words = " or ".join(_THING.get(s, s.removesuffix("s")) for s in sections)
    also = [
        (site.section(s), f"the {_THINGS.get(s, s)} stand here") for s in sections if s in site.root.entries
    ]
    if ref.place.file == site.file:
        also = []
    hint = guess(ref.name, known) or f"add it to {site.file}"
    report.add(ref.place, f"unknown-{ref.to}", f"there is no {words} '{ref.name}'", hint, also=also)


#: What a section holds, where that is not its name without the s.
_THING = {"entitlement": "source of customers", "wrap_up_codes": "wrap-up code"}
_THINGS = {"entitlement": "sources", "wrap_up_codes": "codes"}


def _entries(site: SiteFile, section: str) -> Iterable[tuple[str, MappingNode]]:
    node = site.root.get(section)
    if isinstance(node, MappingNode):
        for name, (_, value) in node.entries.items():
            if isinstance(value, MappingNode):
                yield name, value


def _scalars(node: Node | None) -> list[Scalar]:
    match node:
        case Scalar(empty=False):
            return [node]
        case Sequence():
            return [item for item in node.items if isinstance(item, Scalar) and not item.empty]
        case _:
            return []


def _lists(site: SiteFile, report: Report) -> None:
    """A name listed twice is a slip; a group of one queue chooses nothing."""
    listed = [site.root.get("languages"), site.root.get("parking")]
    if isinstance(defaults := site.root.get("queue_defaults"), MappingNode):
        listed.append(defaults.get("wrap_up_codes"))
    for section, key in (
        ("queues", "wrap_up_codes"),
        ("agents", "skills"),
        ("entitlement", "levels"),
        ("groups", "queues"),
        ("agents", "queues"),
        ("schedules", "any_of"),
        ("trunks", "addresses"),
        ("outbound", "allow"),
    ):
        listed += [entry.get(key) for _, entry in _entries(site, section)]
    for node in listed:
        seen: dict[str, Place] = {}
        for item in _scalars(node):
            if item.text in seen:
                report.add(
                    item.place, "listed-twice", f"'{item.text}' is listed twice", "delete one of the two"
                )
            seen.setdefault(item.text, item.place)
    for name, entry in _entries(site, "groups"):
        queues = entry.get("queues")
        if queues is not None and len({q.text for q in _scalars(queues)}) < 2:
            text = f"group '{name}' has fewer than two queues to choose from"
            report.add(queues.place, "small-group", text, "name the queue itself where the group is used")


_PHONES = "a phone that stands at an address has 'contact', one that registers 'password', one of another site 'trunk' and 'number'"
_DESKS = "a phone that stands at an address has 'contact', one that registers 'password'"


def _goes_out(site: SiteFile, trunk: Node | None, report: Report) -> None:
    """A trunk that calls go out through has a host."""
    known = dict(_entries(site, "trunks"))
    for name in _scalars(trunk):
        if name.text in known and known[name.text].get("host") is None:
            also = [(site.at("trunks", name.text, key=True), "the trunk")]
            text = f"no call can go out through trunk '{name.text}': it has no host"
            report.add(
                name.place, "trunk-host", text, "write host: and the other site's address there", also=also
            )


def _agents(site: SiteFile, report: Report) -> None:
    """An agent's own phone is at an address, registers with a password, or is a number behind a trunk; no two share a phone.

    Who has none signs in at another one, with a PIN.
    """
    phones: dict[str, Place] = {}
    for name, entry in _entries(site, "agents"):
        place = site.at("agents", name, key=True)
        contact = entry.get("contact")
        trunk, number = entry.get("trunk"), entry.get("number")
        ways = [way for way in ("contact", "password", "trunk") if entry.get(way) is not None]
        if len(ways) > 1 or not (ways or entry.get("pin")):
            text = (
                f"has {' and '.join(ways)}"
                if ways
                else "has no phone: neither contact nor password nor trunk, nor a pin to sign in with elsewhere"
            )
            report.add(place, "agent-phone", f"agent '{name}' {text}", _PHONES)
        if (trunk is None) != (number is None):
            lacking = "number" if number is None else "trunk"
            report.add(
                place, "agent-phone", f"agent '{name}' has no {lacking}", "trunk and number belong together"
            )
        _goes_out(site, trunk, report)
        _same_phone(f"agent '{name}'", contact, phones, report)
    for name, entry in _entries(site, "phones"):
        ways = [way for way in ("contact", "password") if entry.get(way) is not None]
        if len(ways) != 1:
            text = f"phone '{name}' has {' and '.join(ways) or 'neither contact nor password'}"
            report.add(site.at("phones", name, key=True), "agent-phone", text, _DESKS)
        _same_phone(f"phone '{name}'", entry.get("contact"), phones, report)


def _same_phone(who: str, contact: Node | None, phones: dict[str, Place], report: Report) -> None:
    for phone in _scalars(contact):
        if phone.text in phones:
            also = [(phones[phone.text], "the other one")]
            text = f"{who} has the same phone as another one"
            report.add(phone.place, "same-phone", text, "one phone, one agent", also=also)
        phones.setdefault(phone.text, phone.place)


def _trunks(site: SiteFile, report: Report) -> None:
    """A trunk is known by its addresses or by a user name with a password; no caller may match two."""
    for name, entry in _entries(site, "trunks"):
        place = site.at("trunks", name, key=True)
        by_address = entry.get("addresses") is not None
        by_name = entry.get("username") is not None or entry.get("password") is not None
        goes_out = entry.get("host") is not None
        _registers(name, entry, place, report)
        if by_address == by_name and not (by_address and goes_out):
            both = "is known in two ways" if by_address else "cannot be told from a stranger"
            hint = "write either addresses, or username and password"
            report.add(place, "trunk-identity", f"trunk '{name}' {both}", hint)
        if by_name and (entry.get("username") is None or entry.get("password") is None):
            lacking = "password" if entry.get("password") is None else "username"
            report.add(
                place, "trunk-identity", f"trunk '{name}' has no {lacking}", "it needs username and password"
            )
    _shared_addresses(site, report)
    _shared_users(site, report)


def _registers(name: str, entry: MappingNode, place: Place, report: Report) -> None:
    wanted = [x.text.lower() for x in _scalars(entry.get("register"))]
    if wanted in (["yes"], ["true"], ["on"]) and (entry.get("host") is None or entry.get("username") is None):
        text = f"trunk '{name}' cannot register"
        report.add(place, "trunk-host", text, "it needs host, username and password")


def _shared_addresses(site: SiteFile, report: Report) -> None:
    """Wide networks first: then whatever a network shares is one of those seen, and one of its own wider forms. Ports keep trunks apart."""
    seen: dict[Network, list[tuple[Source, str, Place]]] = {}
    for source, name, item in sorted(_addresses(site), key=lambda found: found[0].network.prefixlen):
        network = source.network
        for wider in (network, *(network.supernet(new_prefix=n) for n in range(network.prefixlen))):
            for before, other, place in seen.get(wider, ()):
                if other == name or not before.shares(source.port):
                    continue
                text = f"trunks '{other}' and '{name}' share the address {item.text}"
                also = [(place, f"trunk '{other}'")]
                hint = "a caller can come from one trunk only"
                report.add(item.place, "same-address", text, hint, also=also)
        seen.setdefault(network, []).append((source, name, item.place))


def _addresses(site: SiteFile) -> Iterable[tuple[Source, str, Scalar]]:
    """Every source a trunk is known by, with the trunk's name; what cannot be read was reported where it was."""
    for name, entry in _entries(site, "trunks"):
        for item in _scalars(entry.get("addresses")):
            with suppress(ValueError):
                source = source_of(item.text)
                if source.network.prefixlen:
                    yield source, name, item


def _shared_users(site: SiteFile, report: Report) -> None:
    seen = dict(site.names("agents", "phones"))
    for name, entry in _entries(site, "trunks"):
        for item in _scalars(entry.get("username")):
            if item.text in seen:
                also = [(seen[item.text], "the other one")]
                text = f"the user name '{item.text}' of trunk '{name}' is taken"
                report.add(item.place, "same-name", text, "choose another one", also=also)
            seen.setdefault(item.text, item.place)


def _external(site: SiteFile, report: Report) -> None:
    kind, given = site.root.get("asterisk"), site.root.get("external")
    outside = isinstance(kind, Scalar) and kind.text == "external"
    if outside and given is None:
        hint = "external: { url: http://192.0.2.5:8088, username: …, password: … }"
        report.add(site.at("asterisk"), "missing-option", "an external Asterisk needs 'external'", hint)
    elif given is not None and not outside:
        hint = "write asterisk: external, or delete it"
        report.warn(
            site.section("external"), "not-used", "'external' means nothing to a private Asterisk", hint
        )
    if outside and isinstance(given, MappingNode):
        wanted = [name for name in ("ami", "ami_username", "ami_password") if given.get(name) is None]
        if 0 < len(wanted) < 3:
            what = f"to watch phones over AMI, 'external' needs {' and '.join(repr(name) for name in wanted)}, too"
            report.add(site.section("external"), "missing-option", what, "or leave out all three")


def _unattended(site: SiteFile, report: Report) -> None:
    """A queue that no agent serves keeps every caller waiting in vain."""
    served = {q.text for _, entry in _entries(site, "agents") for q in _scalars(entry.get("queues"))}
    for name, place in site.names("queues").items():
        if name not in served:
            report.warn(place, "no-agents", f"no agent serves queue '{name}'", "add it to an agent's queues")


def _numbers(site: SiteFile, flows: list[FlowFile], report: Report) -> None:
    known = {Path(f.file).stem: f for f in flows}
    used: set[str] = set()
    files = {path.stem for path in flow_paths(Path(site.file).parent)}
    numbers = site.root.get("numbers")
    entries = numbers.entries if isinstance(numbers, MappingNode) else {}
    whole = bool(entries)
    for number, (_, value) in entries.items():
        for target in _scalars(value):
            used.add(target.text)
            if report.faulty(target.place):
                whole = False
            elif target.text not in files:
                text = f"number '{number}' leads to flow '{target.text}', but there is no {target.text}.yaml"
                report.add(target.place, "unknown-flow", text, guess(target.text, known))
                whole = False  # the misspelt flow is not unused
    used |= {ref.name for flow in flows for ref in runs(flow)}
    for name, flow in known.items():
        if whole and name not in used:
            place = first_key(flow.root)
            also = [(site.section("numbers"), "the numbers stand here")]
            text = f"no number leads to flow '{name}', and no flow runs it"
            report.warn(place, "unused-flow", text, "give it a number, or run it", also=also)


def _parking(site: SiteFile, report: Report) -> None:
    """A number at which callers are parked leads to a flow, for whoever dials it in vain."""
    numbers = site.names("numbers")
    for slot in _scalars(site.root.get("parking")) if numbers else ():
        if slot.text not in numbers and not report.faulty(slot.place):
            text = f"callers are to be parked at '{slot.text}', which is none of 'numbers'"
            hint = "add it there: its flow is heard where nobody is parked"
            also = [(site.section("numbers"), "the numbers stand here")]
            report.add(slot.place, "parking-number", text, hint, also=also)


def _languages(site: SiteFile, catalog: Catalog, report: Report) -> None:
    """Every language of the site has a file of prompts, be it a broken one."""
    files = {path.stem for path in catalog.folder.glob("*.yaml")}
    for item in _scalars(site.root.get("languages")) if catalog.languages else ():
        if item.text not in files and not report.faulty(item.place):
            _no_language(item.text, item.place, catalog, report)


def _no_language(language: str, place: Place, catalog: Catalog, report: Report) -> None:
    hint = f"write {catalog.folder}/{language}.yaml; there is {', '.join(catalog.languages)}"
    text = f"there are no prompts in language '{language}'"
    report.add(place, "unknown-language", text, hint)


# --- flows --------------------------------------------------------------------------------------


def _file_name(flow: FlowFile, report: Report) -> None:
    stem = Path(flow.file).stem
    if flow.name and flow.name != stem:
        text = f"this flow calls itself '{flow.name}', its file '{stem}'"
        report.add(place_of(flow.root, "flow"), "flow-name", text, f"write flow: {stem}, or rename the file")


#: What a name in a flow points at -> the sections of site.yaml it may stand in.
_SECTIONS: Mapping[str, tuple[str, ...]] = {
    "queue": ("queues", "groups"),
    "schedule": ("schedules", "sites"),
    "service": ("services",),
    "source": ("entitlement",),
}


def _refer(
    flow: FlowFile, step: str, ref: Ref, site: SiteFile, catalog: Catalog | None, report: Report
) -> None:
    """One name a flow uses must exist where it points."""
    match ref.to:
        case "step" if ref.name not in flow.steps:
            hint = guess(ref.name, flow.steps)
            report.add(ref.place, "unknown-step", f"'{ref.name}' is not a step of flow '{flow.name}'", hint)
        case "ruled" if ref.name != EVERYTHING:
            _known(replace(ref, to="schedule"), site, _SECTIONS["schedule"], report)
        case "queue" | "schedule" | "service" | "source":
            _known(ref, site, _SECTIONS[ref.to], report)
        case "level" if ref.name not in (having := levels(site)):
            unknown_level(ref.name, ref.place, having, report)
        case "prompt" if catalog is not None:
            _prompt(flow, ref, catalog, report)
        case "language":
            _language(flow, step, ref, site, catalog, report)
        case "skill" if ref.name not in (known := _skills(site)):
            hint = guess(ref.name, known) or "add it to an agent's skills"
            also = [(site.section("agents"), "the agents stand here")]
            report.add(ref.place, "unknown-skill", f"no agent has the skill '{ref.name}'", hint, also=also)
        case "skill level":
            _level(ref, site, report)


def _whispers(site: SiteFile, catalog: Catalog, report: Report) -> None:
    """What an agent hears before the caller has a text in every language an agent may have."""
    queues: list[tuple[tuple[str, ...], MappingNode]] = [
        ((n,), entry) for n, entry in _entries(site, "queues")
    ]
    if isinstance(defaults := site.root.get("queue_defaults"), MappingNode):
        queues.append((tuple(site.names("queues")), defaults))
    words = {"wait": ("whisper_wait",), "language": tuple(f"whisper_language_{x}" for x in site.languages)}
    for names, entry in queues:
        for item in (one for one in _scalars(entry.get("whisper")) if one.text.islower()):
            named = tuple(f"whisper_queue_{name}" for name in names)
            for prompt in words.get(item.text, named if item.text == "queue" else (item.text,)):
                _spoken_to_agents(site, item, prompt, catalog, report)


def _recording(site: SiteFile, catalog: Catalog, report: Report) -> None:
    """What callers hear before they are recorded has a text in every language."""
    defaults = site.root.get("queue_defaults")
    given = [defaults] if isinstance(defaults, MappingNode) else []
    for entry in [*given, *(entry for _, entry in _entries(site, "queues"))]:
        for item in _scalars(entry.get("consent")):
            lacking = [
                x for x in site.languages if x in catalog.languages and not catalog.written(x, item.text)
            ]
            if lacking:
                text = f"prompt '{item.text}', which callers are to hear before they are recorded, has no text {in_languages(lacking)}"
                files = ", ".join(f"{catalog.folder}/{x}.yaml" for x in lacking)
                hint = guess(item.text, catalog.ids(lacking[0])) or f"add it to {files}"
                report.add(item.place, "missing-prompt", text, hint)


def _spoken_to_agents(site: SiteFile, item: Scalar, prompt: str, catalog: Catalog, report: Report) -> None:
    lacking = [x for x in site.languages if x in catalog.languages and not catalog.written(x, prompt)]
    if lacking:
        files = ", ".join(f"{catalog.folder}/{x}.yaml" for x in lacking)
        hint = guess(prompt, catalog.ids(lacking[0])) or f"add it to {files}"
        text = f"prompt '{prompt}', which agents are to hear, has no text {in_languages(lacking)}"
        report.add(item.place, "missing-prompt", text, hint)


def _articles(flows: list[FlowFile], knowledge: KnowledgeFile | None, report: Report) -> None:
    """Every article a flow begins with exists."""
    known = knowledge.places if knowledge is not None else {}
    for flow in flows:
        for ref in (ref for refs in flow.refs.values() for ref in refs if ref.to == "article"):
            if ref.name not in known:
                hint = guess(ref.name, known) or "write it in knowledge.yaml, beside site.yaml"
                report.add(ref.place, "unknown-article", f"there is no article '{ref.name}'", hint)


def _level(ref: Ref, site: SiteFile, report: Report) -> None:
    """Somebody must have the skill at the level that is wanted."""
    name, _, level = ref.name.partition(":")
    nodes = [entry.get("skills") for _, entry in _entries(site, "agents")]
    having = [
        node.entries[name][1] for node in nodes if isinstance(node, MappingNode) and name in node.entries
    ]
    if any(report.faulty(node.place) for node in having):
        return  # who knows what was meant
    highest = max((int(n.text) for n in having if isinstance(n, Scalar) and n.text.isdigit()), default=1)
    if name in _skills(site) and highest < int(level):
        also = [(site.section("agents"), "the agents stand here")]
        text = f"no agent has the skill '{name}' at level {level}"
        report.add(ref.place, "unknown-skill", text, f"the highest is {highest}", also=also)


def _skills(site: SiteFile) -> set[str]:
    found = set()
    for _, entry in _entries(site, "agents"):
        node = entry.get("skills")
        found |= (
            set(node.entries) if isinstance(node, MappingNode) else {skill.text for skill in _scalars(node)}
        )
    return found


def _prompt(flow: FlowFile, ref: Ref, catalog: Catalog, report: Report) -> None:
    """The prompt must exist in every language the flow speaks."""
    lacking = [x for x in flow.languages if x in catalog.languages and not catalog.written(x, ref.name)]
    if lacking:
        text = f"prompt '{ref.name}' has no text {in_languages(lacking)}"
        also = [(catalog.place(x, ref.name), f"the texts in '{x}' stand here") for x in lacking]
        files = ", ".join(f"{catalog.folder}/{x}.yaml" for x in lacking)
        hint = guess(ref.name, catalog.ids(lacking[0])) or f"add it to {files}"
        report.add(ref.place, "missing-prompt", text, hint, also=also)


def _language(
    flow: FlowFile, step: str, ref: Ref, site: SiteFile, catalog: Catalog | None, report: Report
) -> None:
    """A language a caller may choose is one of the flow's; the flow's are among the site's."""
    head = (step, 0) == HEAD
    known, read = (site.languages, site.languages_read) if head else (flow.languages, flow.languages_read)
    if ref.name in known or not read:
        return
    where = "site.yaml" if known is site.languages else f"flow '{flow.name}'"
    also = [(site.section("languages"), "the site's languages")]
    hint = guess(ref.name, known) or f"{where} has {', '.join(known)}"
    report.add(
        ref.place, "unknown-language", f"'{ref.name}' is not among the languages of {where}", hint, also=also
    )
