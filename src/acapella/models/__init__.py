"""The models that come with the package, and their card (README.md)."""
