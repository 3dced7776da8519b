"""Training of a network: losses, optimizers, batches, the training loop, what hooks into it, and resuming."""
