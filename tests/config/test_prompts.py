"""Prompt texts, their recordings, and what is said about both when they are wrong."""

from __future__ import annotations

import json
import math
import shutil
import wave
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine.config.prompt_text import parse_prompt
from engine.config.prompts import Catalog, load_catalog
from engine.config.recordings import PERSON, read_manifest, recording_problems
from engine.config.render_prompts import render
from engine.config.report import Report
from engine.core.flow import Mailbox
from engine.core.say import GRAMMARS, Form, Grammar, Literal, Slot, expand, unsaid, wording
from engine.core.verbs import Voicemail
from engine.core.waiting import BUCKETS
from engine.errors import SetupError

SHIPPED = Path(__file__).parents[2] / "prompts"


def catalog_of(folder: Path, text: str, language: str = "en") -> Catalog:
    (folder / f"{language}.yaml").write_text(text, "utf-8")
    report = Report()
    catalog = load_catalog(folder, report)
    assert report.render() == ""
    return catalog


def write_wav(path: Path, rate: int = 8000, channels: int = 1, frames: int = 800) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with wave.open(str(path), "wb") as out:
        out.setnchannels(channels)
        out.setsampwidth(2)
        out.setframerate(rate)
        out.writeframes(b"\x10\x00" * channels * frames)


def samples(path: Path) -> Any:
    """A recording's samples, between -1 and 1."""
    with wave.open(str(path)) as sound:
        assert (sound.getframerate(), sound.getnchannels(), sound.getsampwidth()) == (8000, 1, 2)
        return np.frombuffer(sound.readframes(sound.getnframes()), "<i2").astype(np.float32) / 32768


def loud_samples(sound: Any) -> Any:
    """Which samples are louder than the hiss of a recording's edges."""
    return np.flatnonzero(np.abs(sound) > 0.003)


# --- texts ------------------------------------------------------------------------------------


def test_a_prompt_without_values_is_one_recording_named_like_it() -> None:
    assert parse_prompt("bye", "Thank you.\n Goodbye.") == (Literal("bye", "Thank you. Goodbye."),)


def test_a_prompt_with_values_is_recorded_in_pieces_that_end_with_its_sentences() -> None:
    text = "You are number {{ position | number }} in the queue. Please wait."
    assert parse_prompt("you_are", text) == (
        Literal("you_are-1", "You are number", 0),
        Slot("position", Form.NUMBER, 0),
        Literal("you_are-2", "in the queue.", 0),
        Literal("you_are-3", "Please wait.", 1),
    )


def test_a_mark_after_a_value_opens_the_words_that_follow() -> None:
    assert parse_prompt("ok", "I have {{ caller.number | digits }}. Is that right?") == (
        Literal("ok-1", "I have", 0),
        Slot("caller.number", Form.DIGITS, 0),
        Literal("ok-2", ". Is that right?", 1),
    )


def test_a_value_without_a_form_is_spoken_as_a_number() -> None:
    assert parse_prompt("n", "{{ count }}") == (Slot("count", Form.NUMBER),)


def test_a_catalog_knows_ids_variables_words_and_sounds(tmp_path: Path) -> None:
    catalog = catalog_of(
        tmp_path,
        "hello: Hello.\nplace: You are {{ p | number }} of {{ n }}, {{ p | digits }}.\nwords:\n  sales: [sales, buy]\n  help: help\n",
    )
    assert catalog.languages == ("en",)
    assert catalog.ids("en") == ("hello", "place")
    assert catalog.variables("en", "place") == ("p", "n")
    assert catalog.words("en") == {"sales": ("sales", "buy"), "help": ("help",)}
    assert catalog.sounds("en")["place-1"] == "You are"
    assert catalog.sounds("en")["num/12"] == "twelve"
    assert catalog.place("en", "place").line == 2
    assert catalog.text("en", "hello") == "Hello."


def test_what_a_language_does_not_have_says_nothing(tmp_path: Path) -> None:
    catalog = catalog_of(tmp_path, "hello: Hello.\n")
    assert catalog.parts("en", "nonsuch") == () == catalog.parts("xx", "hello")
    assert catalog.ids("xx") == ()


BROKEN = [
    ("a: Hi {{ x\n", "1:7", "bad-prompt", "a {{ is not closed by }}"),
    ("a: Hi x }} y\n", "1:9", "bad-prompt", "a lone '}}' in the text"),
    ('a: "Hi {x}"\n', "1:8", "bad-prompt", "a lone '{' in the text"),
    (
        "b: fine\na: Hi {{ x | minute }}\n",
        "2:14",
        "bad-prompt",
        "'minute' is not a form a value can be spoken in",
    ),
    (
        "a: '{% if x %}Hi{% endif %}'\n",
        "1:5",
        "bad-prompt",
        "a prompt holds words and values only, no {% … %}",
    ),
    ("a: Hi {{ 3 }}\n", "1:7", "bad-prompt", "what stands between {{ and }} is not the name of a value"),
    ("a: >-\n  Two\n  lines {{ x | nonsuch }}\n", "3:16", "bad-prompt", "'nonsuch' is not a form"),
    ("a:\nb: fine\n", "1:1", "bad-prompt", "prompt 'a' has nothing to say"),
    ("a: '...'\n", "1:4", "bad-prompt", "prompt 'a' has nothing to say"),
    ("a: [one, two]\n", "1:4", "bad-prompt", "prompt 'a' is not one text"),
    ("Main Menu: Hi\n", "1:1", "bad-prompt-id", "'Main Menu' cannot name a prompt"),
    ("a/../b: Hi\n", "1:1", "bad-prompt-id", "'a/../b' cannot name a prompt"),
    ("- Hi\n", "1:1", "bad-prompt", "the file is not a list of prompts"),
    ("a: Hi\nwords: [one]\n", "2:8", "bad-words", "'words' holds choices and the words for them"),
    ("a: Hi\nwords:\n  x: []\n", "3:6", "bad-words", "'x' needs one word or a list of words"),
    ("a: Hi\na: Ho\n", "2:1", "duplicate-key", "'a' is already set on line 1"),
]


@pytest.mark.parametrize(("text", "place", "code", "message"), BROKEN)
def test_a_broken_text_is_one_error_at_its_place(
    tmp_path: Path, text: str, place: str, code: str, message: str
) -> None:
    (tmp_path / "en.yaml").write_text(text, "utf-8")
    report = Report()
    load_catalog(tmp_path, report)
    (problem,) = report.ordered()
    assert (f"{problem.place.line}:{problem.place.col}", problem.code) == (place, code)
    assert message in problem.text
    assert problem.hint
    assert Path(problem.place.file) == tmp_path / "en.yaml"


def test_a_broken_prompt_leaves_the_others_usable(tmp_path: Path) -> None:
    (tmp_path / "en.yaml").write_text("a: Hi {{ x\nb: Hello.\n", "utf-8")
    assert load_catalog(tmp_path, Report()).ids("en") == ("b",)


def test_files_that_are_no_language_and_folders_without_any_are_errors(tmp_path: Path) -> None:
    report = Report()
    load_catalog(tmp_path, report)
    (tmp_path / "English.yaml").write_text("a: Hi\n")
    load_catalog(tmp_path, report)
    assert sorted(p.code for p in report.problems) == ["bad-language", "no-prompts"]


def test_a_language_without_numbers_may_have_prompts_but_no_values(tmp_path: Path) -> None:
    assert catalog_of(tmp_path, "a: Hoi.\n", "nl").sounds("nl") == {"a": "Hoi."}
    (tmp_path / "nl.yaml").write_text("a: Hoi.\nb: Nummer {{ n }}.\nc: Ook {{ n }}.\n")
    report = Report()
    load_catalog(tmp_path, report)
    (problem,) = report.ordered()
    assert (problem.code, problem.place.line, problem.place.col) == ("no-grammar", 2, 11)


def test_a_form_the_language_lacks_is_an_error_at_its_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    english = GRAMMARS["en"]
    bare = Grammar(fragments=english.fragments, number=english.number, time=english.time)
    monkeypatch.setattr("engine.config.prompts.GRAMMARS", {"nl": bare})
    (tmp_path / "nl.yaml").write_text(
        "a: Om {{ t | time }}.\nb: Kost {{ p | money }}.\nc: Of {{ q | money }}.\n"
    )
    report = Report()
    load_catalog(tmp_path, report)
    (problem,) = report.ordered()
    assert (problem.code, problem.place.line, problem.place.col) == ("no-grammar", 2, 16)
    assert problem.text == "the grammar of language 'nl' cannot speak the form 'money'"
    assert problem.hint == "use another form: number, digits, time, recording"


# --- what is shipped --------------------------------------------------------------------------


@pytest.fixture(scope="module")
def shipped() -> Catalog:
    report = Report()
    catalog = load_catalog(SHIPPED, report)
    assert report.render() == ""
    return catalog


def test_every_shipped_text_has_its_recording(shipped: Catalog) -> None:
    for language in shipped.languages:
        assert shipped.missing_recordings(language) == []
        assert recording_problems(shipped, language) == []


def test_no_shipped_recording_is_without_a_text(shipped: Catalog) -> None:
    for language in shipped.languages:
        folder = SHIPPED / language
        recorded = {p.relative_to(folder).with_suffix("").as_posix() for p in folder.glob("**/*.wav")}
        assert recorded == set(shipped.sounds(language))


def test_every_shipped_language_has_every_text_value_and_word(shipped: Catalog) -> None:
    assert shipped.languages == ("ar", "bg", "en", "fa")
    for language in shipped.languages:
        assert shipped.ids(language) == shipped.ids("en")
        assert shipped.words(language).keys() == shipped.words("en").keys()
        for prompt in shipped.ids("en"):
            assert set(shipped.variables(language, prompt)) == set(shipped.variables("en", prompt)), prompt


def test_shipped_recordings_are_equally_loud_and_never_clip() -> None:
    for path in SHIPPED.glob("*/**/*.wav"):
        sound = samples(path)
        assert 20 * math.log10(np.abs(sound).max()) < -3.0, path
        power = np.square(sound[: len(sound) // 80 * 80]).reshape(-1, 80).mean(axis=1)
        speech = power[power > power.max() / 1000]
        # espeak-ng's vowels have spikes, and the limiter takes its share of them
        margin = 0.6 if path.is_relative_to(SHIPPED / "en") else 1.2
        assert 10 * math.log10(speech.mean()) == pytest.approx(-20, abs=margin), path


def test_shipped_numbers_are_short_and_begin_and_end_at_once() -> None:
    for path in SHIPPED.glob("*/*/*.wav"):
        sound = samples(path)
        assert 0.25 < len(sound) / 8000 < 1.6, path
        loud = loud_samples(sound)
        assert loud[0] < 0.09 * 8000, path
        assert len(sound) - loud[-1] < 0.09 * 8000, path


def test_shipped_recordings_have_the_telephones_format_and_no_silence_to_speak_of() -> None:
    for path in SHIPPED.glob("*/**/*.wav"):
        with wave.open(str(path)) as header:
            assert header.getparams()[:3] == (1, 2, 8000), path
        sound = samples(path)
        assert 0.2 < len(sound) / 8000 < 30, path
        loud = loud_samples(sound)
        assert loud[0] < 0.3 * 8000, path  # a breath, where a mark stands before the words
        assert len(sound) - loud[-1] < 0.3 * 8000, path
        assert np.diff(loud).max() < 0.4 * 8000, path


def test_the_queue_can_say_all_it_has_to(shipped: Catalog) -> None:
    for prompt in (
        "you_are_next",
        "wait_more_than_an_hour",
        "wait_longer_than_expected",
        Voicemail(Mailbox("x")).prompt,
    ):
        assert wording(shipped.parts("en", prompt), {}, "en")
    for language, said in (
        ("en", "You are number four in the queue. Please wait."),
        ("ar", "تَرْتِيبُكُمْ فِي قَائِمَةِ الِانْتِظَارِ هُوَ اَلرَّابِع. اَلرَّجَاءُ الِانْتِظَار."),
        ("fa", "شما نفرِ چهارم در صف هستید. لطفاً منتظر بمانید."),
        ("bg", "Вие сте номер четири в опашката. Моля, изчакайте."),
    ):
        assert wording(shipped.parts(language, "you_are_number"), {"position": 4}, language) == said
    place = shipped.parts("en", "you_are_number")
    assert wording(place, {"position": 4}, "en") == "You are number four in the queue. Please wait."
    for language in shipped.languages:
        wait = shipped.parts(language, "wait_about")
        for minutes in BUCKETS:
            assert unsaid(wait, {"minutes": minutes}, language) == ()
            for sound in expand(wait, {"minutes": minutes}, language):
                assert (SHIPPED / f"{sound}.wav").is_file()


# --- recordings -------------------------------------------------------------------------------


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Prompts of one text of its own, every recording in order."""
    catalog_of(tmp_path, "hello: Hello.\nbye: Goodbye.\n")
    for kind in {sound.partition("/")[0] for sound in GRAMMARS["en"].fragments}:
        shutil.copytree(SHIPPED / "en" / kind, tmp_path / "en" / kind)
    known = json.loads((SHIPPED / "en" / "manifest.json").read_text())
    known = {name: entry for name, entry in known.items() if "/" in name}
    (tmp_path / "en" / "manifest.json").write_text(json.dumps(known))
    for name in ("hello", "bye"):
        write_wav(tmp_path / "en" / f"{name}.wav")
    return tmp_path


def load(folder: Path) -> Catalog:
    return load_catalog(folder, Report())


def no_voice(monkeypatch: pytest.MonkeyPatch) -> None:
    """Rendering fails if anything has to be spoken: for tests of what must be left alone."""
    monkeypatch.setattr("engine.config.render_prompts._python", lambda progress: pytest.fail("it speaks"))


def test_recordings_that_are_missing_or_unplayable_are_named_with_the_remedy(folder: Path) -> None:
    assert recording_problems(load(folder), "en") == []
    (folder / "en" / "hello.wav").unlink()
    write_wav(folder / "en" / "bye.wav", rate=44100, channels=2)
    (folder / "en" / "num" / "4.wav").write_bytes(b"ID3 not a wav")
    (folder / "en" / "num" / "5.wav").write_bytes(b"")
    write_wav(folder / "en" / "num" / "6.wav", frames=0)
    missing, *others = recording_problems(load(folder), "en")
    assert load(folder).missing_recordings("en") == ["en/hello"]
    assert missing == "language 'en' lacks 1 recording(s): hello; run `quietline prompts render`"
    assert [text.split(folder.as_posix())[1].split(";")[0] for text in others] == [
        "/en/bye.wav has 44100 Hz, 2 channel(s), 16 bit",
        "/en/num/4.wav is not a WAV of plain samples",
        "/en/num/5.wav is not a WAV of plain samples",
        "/en/num/6.wav holds no sound",
    ]


def test_a_persons_recording_is_kept_and_is_stale_once_its_text_changes(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    no_voice(monkeypatch)
    before = (folder / "en" / "hello.wav").read_bytes()
    assert render(load(folder), "en", print).written == ()
    assert read_manifest(folder / "en")["hello"].by == PERSON
    catalog_of(folder, "hello: Good day.\nbye: Goodbye.\n")
    (problem,) = recording_problems(load(folder), "en")
    assert "hello.wav is older than its text (it says 'Hello.'); record it again" in problem
    for force in (False, True):
        monkeypatch.setattr("engine.config.render_prompts._speak", lambda *_: None)
        done = render(load(folder), "en", print, force=force)
        assert done.outdated == ("hello",)
        assert "hello" not in done.written
    assert (folder / "en" / "hello.wav").read_bytes() == before
    write_wav(folder / "en" / "hello.wav", frames=900)
    assert recording_problems(load(folder), "en") == []


def test_a_voice_that_is_not_installed_is_one_clear_sentence(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    catalog_of(folder, "a: Здравейте.\n", "bg")
    monkeypatch.setattr("shutil.which", lambda program: None)
    with pytest.raises(
        SetupError, match=r"espeak-ng, and it is not installed; run `sudo apt-get install esp"
    ):
        render(load(folder), "bg", print)


def test_espeak_gives_the_same_bytes_for_the_same_text(folder: Path) -> None:
    if shutil.which("espeak-ng") is None:
        pytest.skip("the voice is not installed: apt-get install espeak-ng")
    catalog_of(folder, "a: Моля, изчакайте. Вие сте първият.\n", "bg")
    shutil.copytree(SHIPPED / "bg", folder / "bg")
    assert render(load(folder), "bg", print).written == ("a",)
    first = (folder / "bg" / "a.wav").read_bytes()
    assert 1.0 < len(samples(folder / "bg" / "a.wav")) / 8000 < 4.0
    (folder / "bg" / "a.wav").unlink()
    render(load(folder), "bg", print)
    assert (folder / "bg" / "a.wav").read_bytes() == first


def test_a_broken_manifest_is_one_clear_sentence(folder: Path) -> None:
    (folder / "en" / "manifest.json").write_text('{"hello": 3}')
    with pytest.raises(SetupError, match=r"manifest\.json cannot be read; restore it"):
        recording_problems(load(folder), "en")


def test_a_language_without_a_voice_or_texts_is_one_clear_sentence(folder: Path) -> None:
    catalog_of(folder, "a: Hoi.\n", "nl")
    with pytest.raises(SetupError, match=r"there is no voice for language 'nl' \(only for: ar, bg, en, fa\)"):
        render(load(folder), "nl", print)
    with pytest.raises(SetupError, match=r"there is no .*/bg\.yaml; languages with texts: en, nl"):
        render(load(folder), "bg", print)


def test_the_voice_speaks_what_is_missing_or_changed_and_only_that(folder: Path) -> None:
    pytest.importorskip("hibari", reason="the voice is not installed: pip install -e .[prompts]")
    (folder / "en" / "hello.wav").unlink()
    (folder / "en" / "num" / "4.wav").unlink()
    told: list[str] = []
    assert render(load(folder), "en", told.append).written == ("hello", "num/4")
    assert told[0].startswith("1/2 hello (")
    four, shipped_four = (len(samples(f / "en" / "num" / "4.wav")) for f in (folder, SHIPPED))
    assert four == pytest.approx(shipped_four, rel=0.05)  # other processors may round differently
    first = (folder / "en" / "hello.wav").read_bytes()
    assert 0.5 < len(samples(folder / "en" / "hello.wav")) / 8000 < 1.5
    assert render(load(folder), "en", told.append).written == ()
    (folder / "en" / "hello.wav").unlink()
    render(load(folder), "en", told.append)
    assert (folder / "en" / "hello.wav").read_bytes() == first
    catalog_of(folder, "hello: Good day to you all.\n")
    done = render(load(folder), "en", told.append)
    assert done.written == ("hello",)
    assert (folder / "en" / "hello.wav").read_bytes() != first
    assert (folder / "en" / "bye.wav").exists()  # a person's: forgotten, not deleted
    catalog_of(folder, "other: Other.\n")
    assert render(load(folder), "en", told.append).removed == ("hello",)
    assert not (folder / "en" / "hello.wav").exists()
