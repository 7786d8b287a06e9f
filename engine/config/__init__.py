"""YAML -> checked data, every error at once and at its place."""

from engine.config.codes import explain
from engine.config.flowfile import compile_flow, flow_sources
from engine.config.load import check_site, load_site
from engine.config.report import Report

__all__ = ["Report", "check_site", "compile_flow", "explain", "flow_sources", "load_site"]
