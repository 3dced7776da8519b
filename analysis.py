"""The original's command: analyse songs, networks and corpora; steered by the environment."""

from acapella.cli.original import analysis

analysis()
