"""`python -m engine.cli` is `quietline`."""

from engine.cli import main

main()
