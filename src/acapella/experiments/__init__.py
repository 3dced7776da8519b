"""Runs: a training from settings to model file, in a folder of its own."""
