"""The control socket and the pages."""
