"""``python -m pipeline.cli`` is the earmark command."""

from pipeline.cli.app import main

main()
