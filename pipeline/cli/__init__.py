"""The command line: every stage of the main job is a verb."""

from pipeline.cli.app import main as main
