"""What each code of a report means: the text of `quietline explain CODE` and of docs/codes.md."""

from __future__ import annotations

from engine.config.report import guess
from engine.errors import SetupError

CODES: dict[str, str] = {
    # --- files that cannot be read ---
    "cannot-read": """The file is not there, or this user may not read it.
        A site is a folder with site.yaml and one file for each flow. Name the folder with --site; check owner and permissions.""",
    "not-utf8": """The file holds bytes that are not UTF-8 text, so its letters cannot be told.
        Open it in the encoding it was saved in and save it as UTF-8.""",
    "bad-character": """A control character (a NUL, an escape …) stands in the file.
        Nobody types these; they come from copying. Delete the character at the caret.""",
    "too-big": """The file, one value of it, or the number of its values, steps, actions or variables is beyond any real flow.
        Limits: 1,000,000 bytes a file, 10,000 characters a value, 100,000 values, 1,000 steps and
        500 variables a flow, 200 actions a step.""",
    "too-deep": """Lists or mappings are nested more than 20 levels deep.
        A flow needs five. Look for a bracket that is opened again and again.""",
    "yaml-syntax": """The text does not follow the rules of YAML at the caret, and nothing behind it is read.
        Most often: the indentation differs from the lines above, a tab indents a line, a quote or bracket is not closed, or text that
        holds ': ' or begins with a sign such as @ % ` is not in quotes. Mend it and check again: there may be more behind it.""",
    "empty-file": """The file holds nothing but comments.
        Delete it, or write what it is for.""",
    "two-documents": """A line '---' begins a second document in the same file.
        One file is one flow. Delete the line, or make two files.""",
    "no-anchors": """Anchors (&name), aliases (*name) and merge keys (<<) are refused.
        They hide what a flow does from its reader. Write it out; what all queues share belongs in queue_defaults.
        If the text itself begins with & or *, put it in quotes.""",
    "no-tags": """Tags such as !!int or !include are refused: every value is read as it is typed.
        Delete the tag. If the text itself begins with !, put it in quotes.""",
    "comment-key": """A line begins with #: and so is a comment; a choice for the key # was probably meant.
        Put the key in quotes: "#". If the line is a comment, leave out the colon.""",
    "bad-key": """A key (what stands before ':') must be one plain word, number or quoted text.
        A common cause: a value that begins with {{ name }} without quotes around it, which YAML reads as a mapping.""",
    "duplicate-key": """The same key stands twice in one mapping, so one of the two would be lost without a word.
        Keep one of them. Two actions of a step each need their own '- '.""",
    "not-a-mapping": """The file must hold keys with values.
        A flow begins with flow: name, site.yaml with keys such as languages and numbers.""",
    # --- what stands where it cannot stand ---
    "unknown-option": """This key is not known here. It is misspelt, or it belongs somewhere else.
        docs/flows.md lists the options of every verb; one level of indentation too many or too few is a common cause.""",
    "missing-option": """Something that cannot be guessed is not written.
        Where a caller can fail (no valid key, nobody answers, the office is closed) the flow must say where they go.""",
    "missing-value": """Nothing stands after the key, or a list is empty that has to name something.
        Write the value, or delete the key if the default is wanted.""",
    "bad-value": """The value cannot be understood as what is wanted here; the message tells what is.
        Durations carry units: 8s, 10m, 1h30m. Keys are 0-9, * and #. yes and no answer a yes-or-no question.""",
    "shadowed-key": """An answer is one key, so a number of two digits can never be pressed: its first digit counts at once.
        A scale stays within 1-9.""",
    "unknown-action": """A step's list holds something that is not an action.
        Each item begins with one keyword such as say, menu or queue; docs/flows.md lists them all.""",
    "two-actions": """One item of a step's list holds two keywords.
        One action has one keyword. Begin a new item with '- ' for the second.""",
    "empty-step": """A step (or the whole flow) has no actions, so a caller who gets there would hear nothing.
        Write what happens, or delete the step and what leads to it.""",
    "flow-name": """The flow's name and its file's name differ. Numbers find a flow by this name.
        Make them equal.""",
    "bad-hours": """Opening hours cannot be read, or overlap.
        Write days and ranges, entries separated by commas: Mon-Fri 08:00-18:00, Sat 22:00-02:00. A range that ends before it begins
        passes midnight and belongs to the day it starts on. always, never, daily, and 24:00 as an end are known.""",
    "short-password": """A password shorter than 8 characters is guessed within minutes by machines that try phones all day.
        Use at least 8, better 20.""",
    "bad-address": """A trunk's address must be an IP address, also with the port calls come from, or a network, and may not be the
        whole world.
        Names are not looked up: a name that cannot be resolved would keep calls out, and one that changes would let others in.""",
    # --- names that lead nowhere ---
    "unknown-step": """A jump names a step that this flow does not have.
        Steps belong to one flow; another flow's cannot be reached.""",
    "unknown-queue": """A queue is named that site.yaml has neither among its queues nor among its groups.
        Groups and agents may name queues only.""",
    "unknown-schedule": """A schedule is named that site.yaml has neither among its schedules nor among its sites.""",
    "unknown-site": """A schedule lists a site that site.yaml does not have.""",
    "unknown-flow": """A number leads to a flow, or a flow runs one, but there is no file of that name beside site.yaml.""",
    "unknown-article": """An article is named that knowledge.yaml, beside site.yaml, does not have.""",
    "unused-article": """An article of knowledge.yaml that no flow begins with, and no other article leads to, is never told.""",
    "article-shape": """An article speaks (`say`), or asks a question (`ask`) that leads on with both `yes` and `no`.
        One that speaks may lead on with `next`, and may have a `number` that its prompts read out.""",
    "article-circle": """Articles lead to each other in a circle, so a caller would never come to an answer.
        The message shows the circle.""",
    "unknown-service": """A webhook asks a service that site.yaml does not have under `services`.
        Only what stands there is ever reached. Add it with its url, or correct the name.""",
    "unknown-language": """A language is named that there are no prompts for, or that the site or flow does not list.
        A language needs prompts/<language>.yaml, a place in site.yaml's languages, and one in the flow's if that has a list.""",
    "unknown-skill": """A queue action asks for a skill that no agent has, so nobody could ever answer.""",
    "missing-prompt": """A prompt has no text in one of the flow's languages: the caller would hear nothing there.
        Add the id to prompts/<language>.yaml and render it.""",
    "missing-recording": """A prompt has a text but no recording, so callers would hear nothing where it is spoken.
        Recordings are made from the texts by: quietline prompts render""",
    "unplayable-recording": """A recording is there but Asterisk cannot play it, so callers would hear nothing where it is spoken.
        It must be a WAV of plain samples with 8000 Hz, 1 channel and 16 bit, and hold some. Make any sound fit by
        sox IN.wav -r 8000 -c 1 -b 16 OUT.wav
        or delete the file and have the voice speak it: quietline prompts render""",
    "stale-recording": """A text has changed since it was recorded: callers hear what it said before.
        quietline prompts render speaks again what the voice spoke. What a person spoke only a person can record again;
        or delete the file, and the voice takes its place.""",
    "bad-manifest": """manifest.json beside the recordings cannot be read. It remembers which text each recording says.
        Callers hear the recordings all the same, but nobody can tell which are older than their texts, and nothing can be rendered.
        Restore the file; or delete it together with the recordings the voice made, and run quietline prompts render.""",
    # --- ways through a flow ---
    "open-end": """The last action of a step goes on, but nothing follows: the caller would hear silence.
        End every step with goto, menu, switch or hangup.""",
    "never-reached": """An action stands after one that always leaves the step (goto, menu, switch, hangup).
        Delete it, or move it up.""",
    "unused-step": """No way leads to this step from the first one.
        Delete it, or lead there. A misspelt goto is a common cause.""",
    "silent-loop": """A caller who does nothing would go round for ever on the way shown.
        Silence takes 'otherwise' of menu and ask, the timeout of a queue, 'on_none' of the voicemail; opening hours and switches may fall
        any way. Let one of these ways lead to a step that ends, such as a message and a goodbye.""",
    "flow-circle": """Flows run each other in a circle, so a caller would never come to an end of them.
        The message shows the circle. End one of them with `back`, which leads to the flow that ran it.""",
    "run-language": """A flow runs another one that does not speak all of its languages.
        Callers keep the language they have chosen. Add it to `languages:` of the flow that is run, or run it only where it is not
        needed.""",
    "secret-used": """Digits asked for with `secret: yes` are spoken, compared by a switch, or copied into another variable.
        They stay out of every log, event, trace, page and recording, so a flow sees only dots. Give them to a look-up or a service,
        and go on by what it answers.""",
    "unknown-question": """`resolved` of a survey names the question that asks whether the matter is resolved, and the survey has none of
        that name. Write it as it stands under `questions`.""",
    "one-sided-question": """`resolved_keys` says what each key means that answers whether the matter is resolved, and leaves out yes, or
        no: a figure of that would always be the same. Write a key for each, like { 1: yes, 2: no, 3: neither }.""",
    "outside-scale": """`resolved_keys` has a key that the survey's `scale` does not have. It would be taken as an answer all the same,
        and stand among the others. Write a key of the scale, or widen the scale.""",
    "unset-variable": """A variable is used that is not set on every way to this place (a switch: on no way).
        ask and set give variables their values; language, from_number and to_number are there from the start.""",
    # --- site.yaml as a whole ---
    "same-name": """One name stands for two things that flows or phones could not tell apart.
        Queues and groups share their names, so do sites and schedules, agents and trunks, agents and phones.""",
    "listed-twice": """A list names the same thing twice.""",
    "small-group": """A group chooses among several queues; this one has fewer than two.
        Name the queue itself where the group is used.""",
    "agent-phone": """An agent is reached in one way: contact (a phone that stands at an address), password (a phone that registers), or
        trunk and number (a phone or queue of another site). One who has no phone of their own has a pin, and signs in at one of
        `phones`, at another agent's, or at a number outside that `outbound` allows; before that they cannot be `ready`.
        A phone of `phones` has contact or password.""",
    "unknown-wrap-up-code": """A queue lists a wrap-up code that site.yaml does not have under `wrap_up_codes`.""",
    "no-wrap-up-codes": """A queue wants a wrap-up code from its agents, but lists none: nobody could ever give one.
        Write wrap_up_codes: with names from the section of that name.""",
    "untold-choice": """Agents choose pause reasons and wrap-up codes over the phone (agent_desk), and this one has no prompt that tells it.
        Write prompt: with an id, and the text in every language of the site.""",
    "bad-pin-hash": """An agent's PIN stands in site.yaml as its hash only.
        `quietline entitlement hash-pin` makes it. Put it in quotes.""",
    "unknown-trunk": """An agent is reached, or calls are let out, through a trunk that site.yaml does not have.""",
    "trunk-host": """Calls shall go out through a trunk, or it shall register, but it does not say where the other side is.
        Write host: 192.0.2.5 (with :port where it is not 5060); to register also username and password.""",
    "no-outbound": """A flow transfers callers or rings them back, but site.yaml has no `outbound`, so nobody outside can be rung.
        Name there what may be dialled out, by trunk: outbound: { provider: { allow: ["+359*", "112"] } }""",
    "transfer-number": """A flow transfers callers to something that is no number, or to one that `outbound` of site.yaml does not allow.
        Correct it, or add it to the list of the trunk it is to be rung through.""",
    "outbound-number": """`allow` lists what may be dialled out: a number of 2 to 20 digits, with or without a + before it, or the
        beginning of numbers with a * behind it. A bare * is refused: who may ring the whole world is soon made to, at your cost.""",
    "number-not-keyed": """Callers are asked to key in the number they want to be rung back at, but `outbound` allows only numbers that
        begin with a +, for which no phone has a key: whatever they key in is refused. Write there what they key in, as far as the trunk
        understands it, such as "0888*" or "00359*"; or take `other_number` out.""",
    "outbound-unused": """A number or beginning in `allow` that another one allows already, in the same list or in that of a trunk
        before it, which takes the call. Delete it, or move the trunk up.""",
    "reserved-name": """A site or a schedule is called 'everything', which in overrides means every queue there is; or a pause reason
        like one of those for which the distributor itself pauses agents.
        Rename it.""",
    "override-pin": """A flow lets callers override opening hours, but site.yaml has no override_pin, so nobody ever could.
        Write override_pin: and 6 to 12 digits in site.yaml.""",
    "uncovered": """A flow sends callers to a group all of whose queues are closed at times, and does not say where they go then.
        They go to on_timeout at once, as if all had been busy. Write on_closed, or close the gap: quietline coverage GROUP tells
        every one of them in the next 400 days.""",
    "same-phone": """Two agents have the same phone: it would ring for both, and nobody could tell who answered.""",
    "trunk-identity": """A trunk is known either by its addresses or by username and password.
        Without one of them any stranger's call would match; with both it is not clear which one counts, unless calls go out there
        (host): then addresses tell who calls in, and username and password prove ours.""",
    "same-address": """Two trunks share an address, so it is not clear whose calls come from there.
        Two that call from different ports of one address are kept apart by them: 192.0.2.1:5060 and 192.0.2.1:5070.""",
    "parking-number": """A number of `parking` is none of `numbers`, so nobody could dial it.
        Give it a flow there: that is what is heard by whoever dials it while nobody is parked.""",
    "not-used": """Something is written that has no effect, or not the one it is for, with the rest of the file as it is.""",
    "no-model": """`speech` of site.yaml names a folder without a model of Vosk's, or a broken one: callers of that language have keys.
        `make models` fetches the one that is called small; others are unpacked by hand: the folder then holds am, conf and graph.""",
    "unknown-word": """A word for a choice is not in the vocabulary of the language's model, and is never heard, however it is said.
        Take another word, or spell it as a dictionary does; names of people and products are often unknown.""",
    "never-opens": """A schedule, or a site that something uses as one, is closed for all of the next 400 days by its calendar.
        Look at the hours, holidays and exceptions of its sites. If a schedule is closed on purpose, write override: closed, which
        also tells callers' flows so.""",
    "no-agents": """No agent serves this queue: every caller in it would wait in vain.""",
    "no-queues": """An agent serves no queue, so no caller is ever offered to them.
        Colleagues can still call them in, or hand them callers; whoever is there for that alone may stay so.""",
    "unused-flow": """No number leads to this flow.""",
    # --- customers and what they are entitled to ---
    "unknown-source": """An entitlement action names a source of customers that site.yaml does not have under `entitlement`.""",
    "unknown-level": """A level is named that no source of customers has among its `levels`, so no customer could ever have it.
        Levels are compared letter by letter.""",
    "source-options": """The options of a source of customers do not fit its kind.
        csv has file; sql has file (SQLite) or url (PostgreSQL), and table (with columns) or by_phone and by_number; http has url (with
        headers).""",
    "bad-customers": """The file of a source of customers cannot be used at all, so nobody would be known.
        A CSV file is UTF-8 text whose first line names its columns: number, and any of name, phones, pin, level, from, until, blocked.""",
    "bad-customer": """A row of customers cannot be read and is left out, or tells something that cannot be used.
        Days are written 2026-12-31, phones with their country or as the source's `country` writes them, several separated by ; or |.
        A PIN stands there as its hash only: quietline entitlement hash-pin makes one.""",
    # --- the catalog ---
    "unknown-code": """A flow uses a problem code that catalog.yaml does not have.
        Without a catalog.yaml codes are free names; with one, each stands there below its department, provider and category.""",
    "same-code": """A problem code stands in the catalog twice. Flows name codes alone, so each can stand in one category only.""",
    "empty-level": """A level of the catalog has nothing in it.
        The levels are departments, their providers, their categories, and the codes; each has one entry at least.""",
    "code-without-order": """due, priority and same_by belong to the work order that a code starts, and this code starts none.""",
    "unknown-information": """same_by tells by what two reports of a code are of the same problem: customer, or names that stand
        in `requires`.""",
    "missing-information": """A problem code requires information that a request for action with this code does not give.
        Ask the caller for it and write it in `information`, or take it out of the code's `requires`.""",
    # --- prompts ---
    "no-prompts": """The folder of prompts holds no texts.
        It needs one file for each language, such as en.yaml; 'prompts' in site.yaml says where the folder is.""",
    "bad-language": """A file in the folder of prompts is not named like a language: en.yaml, ar.yaml, pt-br.yaml.""",
    "bad-prompt-id": """A prompt's id names a recording, so it holds lower-case letters, digits and _ only.""",
    "bad-prompt": """A prompt's text cannot be read.
        A prompt is one text; {{ name }} or {{ name | form }} speaks a value.""",
    "bad-words": """'words' holds choices, each with one word or a list of words a caller may say.""",
    "missing-words": """A choice can be said in one language of the site, but has no words in another: those callers can only press keys.
        Write the words below 'words' in that language's file, or take the choice out everywhere.""",
    "unspoken-value": """A prompt speaks a value in one language of the site and not in another: those callers would never hear it.
        Write {{ name | form }} into that language's text where it is to be heard; docs/prompts.md lists the forms.""",
    "unsaid-choice": """A choice of a menu can be pressed but not said: its language has words for other choices, and none for this one.
        Words stand below `words` in prompts/<language>.yaml, under the name of the step the key leads to. A language without any words is
        one of keys alone, and nothing is said about it.""",
    "unsure-key": """`unsure` of a menu has a prompt under a key that is none of its `choices`.
        It holds the prompt that asks back where the caller probably said the words of that choice: write the choice's key, or take the
        line out.""",
    "alike-words": """Two choices of one menu have words that sound alike (or the same word), so callers would come to the wrong one.
        Let them say something else for one of the two, or take the word out. `the` and `please` make no difference, nor does a letter at
        the end of a word: sale and sales are alike.""",
    "no-grammar": """Prompts of this language speak values, but how the language speaks numbers, or this form of them, is not known.
        docs/prompts.md lists the forms and the languages. Say it without a value, or in another form.""",
    # --- cases ---
    "case-failed": """A case of tests/*.yaml expects something that does not come of its call, or gives an input the flow does not ask for.
        The rehearsal below it shows the call; its marked line is the first that departs. Mend the flow, or the case.""",
    "not-covered": """No case of tests/*.yaml comes to this step, action or jump, so nobody would notice if it were wrong.
        Write a case that does: inputs that lead there, and what must come of them.""",
}  # fmt: skip


def page(code: str) -> str:
    """A code's text, unwrapped from the source's indentation."""
    return "\n".join(line.strip() for line in CODES[code].splitlines())


def explain(code: str) -> str:
    """What a code means and what to do; raises SetupError for a code that does not exist."""
    if code not in CODES:
        hint = guess(code, CODES)
        raise SetupError(f"no report uses the code '{code}'" + (f"; {hint}" if hint else ""))
    return f"{code}\n\n{page(code)}"


def document() -> str:
    """docs/codes.md."""
    sections = [f"## {code}\n\n{page(code)}" for code in CODES]
    head = "# The codes of `quietline check`\n\nMade by `python -m engine.config.generated`; `quietline explain CODE` prints one of them."
    return "\n\n".join([head, *sections]) + "\n"
