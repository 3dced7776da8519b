"""Separating songs as jobs: what is to be done, where it goes, and what came of it."""
