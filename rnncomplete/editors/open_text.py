"""One text that is open in an editor: what the editor says of it, and what is known of it here."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from rnncomplete.ghost.rules import Trail

if TYPE_CHECKING:
    from rnncomplete.completion.auto import Judge
    from rnncomplete.completion.completer import Completer
    from rnncomplete.completion.document import Document
    from rnncomplete.editors.positions import Text
    from rnncomplete.editors.project import Project


@dataclass(frozen=True)
class Reading:
    """A document that reads a text, and what it knows beside."""

    completer: Completer
    beside: str
    document: Document


@dataclass
class OpenText:
    """One text, as its editor has it."""

    uri: str
    path: str
    """Of the file, or what stands for it."""
    language: str
    text: Text
    version: int | None = None
    project: Project | None = None
    off: str | None = None
    """Why there are no ghosts here."""
    why: str = "nobody has asked for a ghost here yet"
    """Why there was no ghost the last time; empty if there was one."""
    problems: dict[str, str] = field(default_factory=dict)
    """What fails in the background, by errand."""
    milliseconds: float | None = None
    label: tuple[str, float] | None = None
    """The likeliest label of the text before the cursor and its share, where the style tells any."""
    changed: float = 0.0
    """When, in seconds of ``time.monotonic``."""
    closed: bool = False
    candidates: tuple[str, ...] = ()
    """Styles that it may be written in."""
    style: str = ""
    reading: Reading | None = None
    trail: Trail = field(default_factory=Trail)
    judged: int | None = None
    """How long the text before the cursor was when the style was chosen."""
    judges: dict[str, Judge] = field(default_factory=dict)
    before: str = ""
    """The text before the cursor when somebody last asked."""
    source: str = ""
    """What that translates, where it is a catalogue in a style that translates."""
    whole: str = ""
    """All of the text then."""
    beside: str = ""
    """What of other texts is read before this one."""
