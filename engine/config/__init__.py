"""YAML text to checked data: every error at once, each at its place, in our own words."""
