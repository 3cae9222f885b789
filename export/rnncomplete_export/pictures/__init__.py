"""Training pictures: drawings composed to scenes, sentences that say what is there, and folders of other people's pictures.

Nothing here knows of a network; a picture is a uint8 or float tensor, and a sentence is a string.
"""
