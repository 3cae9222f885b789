"""From a checkpoint to a style. Nothing here trains."""
