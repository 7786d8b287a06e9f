"""The site that scenarios call, with prompts that all last a second."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from short_prompts import short_prompts

from engine.config import Loaded, load_files

SITE = Path(__file__).parents[1] / "scenarios" / "site"


@pytest.fixture(scope="session")
def site_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the scenarios' site beside its short prompts."""
    folder = tmp_path_factory.mktemp("twin")
    short_prompts(folder / "prompts")
    shutil.copytree(SITE, folder / "site")
    return folder / "site"


@pytest.fixture(scope="session")
def site(site_folder: Path) -> Loaded:
    """That site, checked."""
    return load_files(site_folder)
