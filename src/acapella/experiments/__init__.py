"""Training runs, each in a folder of its own, and searches over many of them."""
