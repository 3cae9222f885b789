"""The network in PyTorch, its weights, and how well it predicts. Nothing here trains it."""
