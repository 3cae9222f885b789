"""What an editor may tell a server to do, by the names behind ``rnncomplete.``; each returns a status."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rnncomplete.editors.status import status_of
from rnncomplete.styles import AUTO, is_installed, list_styles

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from rnncomplete.editors.workspace import Workspace

Status = dict[str, Any]


def style(workspace: Workspace, arguments: Sequence[Any]) -> Status:
    """Write in another style until the editor is closed; in that of each language without an argument."""
    name = arguments[0] if arguments and isinstance(arguments[0], str) else AUTO
    if name != AUTO and not is_installed(name):
        there = ", ".join(sorted(item.name for item in list_styles()))
        return {"problem": f"there is no style {name!r}; there are: {there}"}
    workspace.choose("style", name)
    return status_of(workspace)


def learn(workspace: Workspace, _: Sequence[Any]) -> Status:
    """Count the projects again."""
    workspace.choose("learn", None)
    for project in workspace.texts.projects:
        for name in project.learned.keys() | {text.style for text in workspace.texts.open_texts.values()}:
            workspace.study.send(project, name)
    return status_of(workspace)


def forget(workspace: Workspace, _: Sequence[Any]) -> Status:
    """Forget the projects, here and on the disk, and count no more."""
    workspace.choose("learn", value=False)
    for project in workspace.texts.projects:
        workspace.study.forget(project)
    return status_of(workspace)


def toggle(workspace: Workspace, arguments: Sequence[Any]) -> Status:
    """Switch ghosts on or off, or to what the argument says."""
    texts = workspace.texts
    texts.on = arguments[0] if arguments and isinstance(arguments[0], bool) else not texts.on
    return status_of(workspace)


def status(workspace: Workspace, arguments: Sequence[Any]) -> Status:
    """Say what goes on, with the text of a URI or the one used last."""
    return status_of(workspace, arguments[0] if arguments and isinstance(arguments[0], str) else None)


COMMANDS: Mapping[str, Callable[[Workspace, Sequence[Any]], Status]] = {
    "style": style,
    "learn": learn,
    "forget": forget,
    "toggle": toggle,
    "status": status,
}
