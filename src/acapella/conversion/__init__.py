"""A torch network with weights, ours or somebody else's, and the way to a model file."""
