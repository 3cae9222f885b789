"""Which ghost belongs to which text while somebody types: along it, away from it, and back.

Only strings, no terminal and no network, so that the rules can be tested by themselves:

- typing along a ghost keeps the rest of it;
- a ghost ends in no blank; what it had to say of one is remembered for the word that comes next;
- typing away from it hides it, and deleting what was typed brings it back;
- a ghost never offers back a character just deleted;
- it is there only after typing: moving the cursor, undoing and every other change hide it;
- where it was dismissed, it stays away.
"""

from __future__ import annotations

from collections import OrderedDict

from rnncomplete.completion.showing import blank_behind, fit

REMEMBERED = 64
"""Places whose ghosts are remembered, and places where one was dismissed."""

_Place = tuple[int, int]


class Trail:
    """The ghost of one text as it changes. ``rest`` is what to show at the cursor now."""

    def __init__(self) -> None:
        self.rest = ""
        """What to show behind the cursor."""
        self.along = False
        """Whether all since :meth:`begin` was typed along the ghost, so that it may still grow."""
        self._before = self._after = ""
        self._origin = self._ghost = ""
        self._deleted = ""
        self._remembered: OrderedDict[_Place, str] = OrderedDict()
        self._dismissed: OrderedDict[_Place, str] = OrderedDict()

    def begin(self, before: str, after: str) -> None:
        """A ghost is asked for at this place."""
        self._before, self._after = before, after
        self._origin, self._ghost, self.rest, self.along = before, "", "", True

    def grow(self, ghost: str) -> bool:
        """The ghost asked for is ``ghost`` as far as known; returns whether it is still one for the text as it is."""
        typed = self._before[len(self._origin) :]
        if not self.along or not ghost.startswith(typed):
            self.along = False
            return False
        self._ghost = ghost
        self.rest = self._offered(ghost[len(typed) :])
        return True

    def change(self, before: str, after: str, *, undone: bool = False) -> int:
        """The text changed; returns how many characters of the ghost were typed or accepted (0 if it was not that)."""
        if (before, after) == (self._before, self._after):
            return 0
        old, old_after, shown = self._before, self._after, self.rest
        self._before, self._after = before, after
        self.rest = ""
        if undone or after != old_after or not (before.startswith(old) or old.startswith(before)):
            self.along, self._deleted, self._ghost = False, "", ""
            return 0
        if len(before) >= len(old):
            return self._typed(before[len(old) :], old, shown)
        self._removed(old[len(before) :])
        return 0

    def move(self, before: str, after: str) -> bool:
        """The cursor may have moved; returns whether it did."""
        if before == self._before and after == self._after:
            return False
        self._before, self._after = before, after
        self.rest, self.along, self._ghost, self._deleted = "", False, "", ""
        return True

    def dismiss(self) -> None:
        """Hide the ghost, and show none at this place again."""
        _remember(self._dismissed, self._place, "")
        self._remembered.pop(self._place, None)
        self.rest, self._ghost, self.along = "", "", False

    def recall(self, before: str, after: str) -> str:
        """The ghost of a place as far as it is known without computing."""
        if (before, after) == (self._before, self._after) and self.rest:
            return self.rest
        ghost = self._remembered.get((hash(before), hash(after)), "")
        return "" if self.offers_back(ghost) else ghost

    def is_dismissed(self, before: str, after: str) -> bool:
        """Whether a ghost was dismissed at this very place."""
        return (hash(before), hash(after)) in self._dismissed

    @property
    def blank(self) -> str:
        """The blanks of the ghost behind the cursor, if all the rest of it was typed or accepted."""
        typed = self._before[len(self._origin) :]
        if not (self._ghost and self._before.startswith(self._origin) and self._ghost.startswith(typed)):
            return ""
        return blank_behind(self._ghost[len(typed) :], self._after)

    @property
    def _place(self) -> _Place:
        return hash(self._before), hash(self._after)

    def _typed(self, text: str, old: str, shown: str) -> int:
        self._deleted = ""
        typed = self._before[len(self._origin) :]
        if self._ghost and self._before.startswith(self._origin) and self._ghost.startswith(typed):
            self.rest = self._fitting(self._ghost[len(typed) :])
            return len(text)
        if shown:
            _remember(self._remembered, (hash(old), hash(self._after)), shown)
        self.along = False
        self._origin, self._ghost = self._before, self._remembered.get(self._place, "")
        self.rest = self._fitting(self._ghost)
        return 0

    def _removed(self, text: str) -> None:
        self._deleted = text + self._deleted
        self.along = False
        typed = self._before[len(self._origin) :]
        if not (self._before.startswith(self._origin) and self._ghost.startswith(typed) and self._ghost != typed):
            self._origin, self._ghost, typed = self._before, self._remembered.get(self._place, ""), ""
        self.rest = self._offered(self._ghost[len(typed) :])

    def _offered(self, ghost: str) -> str:
        return "" if self.offers_back(ghost) else self._fitting(ghost)

    def _fitting(self, ghost: str) -> str:
        return "" if self._place in self._dismissed else fit(ghost, self._before, self._after)

    def offers_back(self, ghost: str) -> bool:
        """Whether ``ghost`` begins with what was just deleted."""
        return bool(ghost and self._deleted and ghost[0] == self._deleted[0])


def _remember(memory: OrderedDict[_Place, str], place: _Place, ghost: str) -> None:
    memory[place] = ghost
    memory.move_to_end(place)
    while len(memory) > REMEMBERED:
        memory.popitem(last=False)
