"""Several networks trained side by side as one batch. Nothing here knows of ONNX or of the command line."""
