"""The original's command: train every combination of a grid's values; steered by the environment."""

from acapella.cli.original import grid_search

grid_search()
