"""Versions of the whole site: kept as they were, tried before they are live, compared with each other."""
