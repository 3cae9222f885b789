"""One step of a style's network, checked and run by ONNX Runtime. Nothing here knows of ghosts or of what a text teaches."""
