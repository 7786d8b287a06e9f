"""YAML -> checked data, every error at once and at its place."""

from engine.config.codes import explain
from engine.config.flowfile import compile_flow
from engine.config.load import Loaded, check_site, load_files, load_site, load_unrecorded
from engine.config.report import Report
from engine.config.subflows import compile_stored

__all__ = [
    "Loaded",
    "Report",
    "check_site",
    "compile_flow",
    "compile_stored",
    "explain",
    "load_files",
    "load_site",
    "load_unrecorded",
]
