"""Ghosts in a full-screen program: ``python examples/application.py [STYLE]``. Ctrl-Q leaves and prints the text."""

import sys

from prompt_toolkit import Application
from prompt_toolkit.key_binding import KeyBindings, KeyPressEvent
from prompt_toolkit.layout import HSplit, Layout
from prompt_toolkit.widgets import Label, TextArea

from rnncomplete import RNNAutoSuggest
from rnncomplete.ghost import attach

keys = KeyBindings()


@keys.add("c-q")
def leave(event: KeyPressEvent) -> None:
    """End the program with what was written."""
    event.app.exit(result=area.text)


area = TextArea()
application: Application[str] = Application(
    Layout(HSplit([area, Label("Right takes the grey text, Ctrl-Q leaves.")]), focused_element=area),
    key_bindings=keys,
    full_screen=True,
)
suggest = RNNAutoSuggest(sys.argv[1] if len(sys.argv) > 1 else "shakespeare")
detach = attach(application, area.buffer, suggest)
text = application.run()
detach()
print(text)
