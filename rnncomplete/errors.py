"""Every error that rnncomplete raises on purpose.

::

    RnncompleteError            something went wrong on our side                      exit code 1
    └── UserError               something to mend on the user's side                  exit code 2
        ├── TextError           a text is missing, empty, binary or too short
        ├── PictureError        a picture is missing, damaged, too large or none
        ├── StyleError          no such style, or a style of that name exists already
        ├── ModelError          a graph or a card breaks the model contract
        ├── DeviceError         the device asked for cannot run the model
        ├── CheckpointError     a checkpoint is missing, damaged or of another version
        └── SettingError        an option, an environment variable or a settings file

Each message is one line that says what was found, what was expected and what to do.
"""

from __future__ import annotations


class RnncompleteError(Exception):
    """The root of the tree; catch this to catch them all."""

    exit_code = 1


class UserError(RnncompleteError):
    """Something that the user can mend."""

    exit_code = 2


class TextError(UserError):
    """A text is missing, empty, binary, in another encoding, or too short for what was asked."""


class PictureError(UserError):
    """A picture is missing, damaged, too large, or not a picture at all."""


class StyleError(UserError):
    """There is no style of that name, or there is one already."""


class ModelError(UserError):
    """A graph or a card breaks the model contract."""


class DeviceError(UserError):
    """The device asked for cannot run the model."""


class CheckpointError(UserError):
    """A checkpoint is missing, damaged, or was written by another version."""


class SettingError(UserError):
    """An option, an environment variable or a settings file holds an invalid value."""
