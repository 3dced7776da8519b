"""Everything that needs torch: networks, losses, batches, the training loop, export."""
