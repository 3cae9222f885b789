"""Training a network. Nothing here knows of ONNX."""
