"""Where there are no ghosts, and nothing is computed or kept: in a secret, and where nobody could see them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from prompt_toolkit.application.current import get_app, get_app_session
from prompt_toolkit.layout.controls import BufferControl
from prompt_toolkit.layout.processors import ConditionalProcessor, DynamicProcessor, PasswordProcessor
from prompt_toolkit.output.plain_text import PlainTextOutput
from prompt_toolkit.utils import is_dumb_terminal

if TYPE_CHECKING:
    from prompt_toolkit.buffer import Buffer
    from prompt_toolkit.layout.processors import Processor


def is_drawn() -> bool:
    """Whether the terminal of the program that runs now can draw a ghost: grey, and where it can be taken away again."""
    return not (is_dumb_terminal() or isinstance(get_app_session().output, PlainTextOutput))


def is_secret(buffer: Buffer) -> bool:
    """Whether the application that runs now draws ``buffer`` as a password, anywhere in its layout."""
    contents = (window.content for window in get_app().layout.find_all_windows())
    return any(
        hides(processor)
        for control in contents
        if isinstance(control, BufferControl) and control.buffer is buffer
        for processor in control.input_processors or ()
    )


def hides(processor: Processor) -> bool:
    """Whether ``processor`` draws something else in place of the text, now and here, itself or by one inside it."""
    if isinstance(processor, DynamicProcessor):
        chosen = processor.get_processor()
        return chosen is not None and hides(chosen)
    if isinstance(processor, ConditionalProcessor):
        return hides(processor.processor) and processor.filter()
    # Processors that are merged, and those that wrap one another, keep them in attributes of their own.
    inside = [getattr(processor, "_processor", None), *getattr(processor, "processors", ())]
    return isinstance(processor, PasswordProcessor) or any(hides(item) for item in inside if item is not None)
