"""Everything that needs PyTorch: the network, its trainer, and the export to ONNX."""
