"""Ghosts in a prompt: ``python examples/prompt.py [STYLE]``. Type a letter; an empty line sends it.

The network reads the lines before as well; "Dear" has a ghost of our own; in a line that begins with # there are none.
"""

import sys

from prompt_toolkit import PromptSession
from prompt_toolkit.buffer import Buffer

import rnncomplete

lines: list[str] = []


def first(buffer: Buffer) -> str:
    """A ghost that comes before those of the network; an empty one for none."""
    return " Sir or Madam," if buffer.text == "Dear" else ""


session: PromptSession[str] = PromptSession()
suggest = rnncomplete.install(
    session,
    style=sys.argv[1] if len(sys.argv) > 1 else "shakespeare",
    context=lambda: "".join(lines),
    first=first,
    when=lambda document: not document.text.startswith("#"),
)
suggest.start(patience=5.0)  # rather than with the first key
if suggest.problem:
    print(f"There will be no ghosts: {suggest.problem}", file=sys.stderr)
while line := session.prompt("> "):
    lines.append(line + "\n")
print("".join(lines), end="")
