"""The original's command: train, or with files as arguments isolate them; steered by the environment."""

from acapella.cli.original import vocal_isolation

vocal_isolation()
