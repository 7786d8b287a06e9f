"""The generated tables and events are exactly what an installed Asterisk says."""

from pathlib import Path

import pytest

from engine.ari import events, generate, spec, swagger
from engine.errors import SetupError
from engine.pbx.root import ensure_root


@pytest.mark.asterisk
def test_what_is_generated_from_the_installed_asterisk_is_what_is_committed() -> None:
    prefix = ensure_root(print).prefix
    for path, text in generate.files(prefix).items():
        assert path.read_text() == text, f"{path.name} differs: python -m engine.ari.generate {prefix}"


def test_every_operation_has_a_name_of_its_own() -> None:
    names = [operation.id for operation in spec.OPERATIONS]
    assert len(names) == len(set(names)) >= 100


def test_every_path_parameter_stands_in_its_template() -> None:
    for operation in spec.OPERATIONS:
        inside = {word[1:-1] for word in operation.path.split("/") if word.startswith("{")}
        assert inside == {p.name for p in operation.parameters if p.where == "path"}, operation.id


def test_every_type_that_is_named_is_described() -> None:
    known = {model.name for model in spec.MODELS} | set(generate.PLAIN) | {"void", "binary"}
    words = [op.returns for op in spec.OPERATIONS]
    words += [field.type for model in spec.MODELS for field in model.fields]
    for word in words:
        assert word.removeprefix("List[").removesuffix("]") in known


def test_every_event_is_a_type() -> None:
    for model in spec.MODELS:
        if model.base == "Event" and model.name != "RESTResponse":
            assert getattr(events, model.name).__required_keys__ >= {"type", "application", "timestamp"}


def test_a_root_without_asterisk_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(SetupError, match="holds no description of ARI; name the folder"):
        swagger.read(tmp_path)
    assert generate.main([str(tmp_path)]) == 1
    assert generate.main([]) == 2
