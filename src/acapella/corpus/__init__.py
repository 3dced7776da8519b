"""Training data: which tracks there are, how they are split, and their audio at the network's rate."""
