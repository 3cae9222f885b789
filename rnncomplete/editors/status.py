"""What goes on behind an editor, in a form that programs read, with one line for people."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rnncomplete.styles import list_styles

if TYPE_CHECKING:
    from rnncomplete.editors.open_text import OpenText
    from rnncomplete.editors.workspace import Workspace


def status_of(workspace: Workspace, uri: str | None = None) -> dict[str, Any]:
    """The state of all, and of the text ``uri``, or the one used last: its style, how quick it is, why nothing is shown."""
    texts, study = workspace.texts, workspace.study
    text = texts.open_texts.get(uri or "") or texts.active
    summary = "ghosts are on" if texts.on else "ghosts are switched off"
    found: dict[str, Any] = {
        "on": texts.on,
        "learn": texts.preferences.learn,
        "styles": sorted(item.name for item in list_styles()),
        "loaded": texts.shelf.loaded,
        "counting": study.busy,
        "problems": [
            *texts.preferences.problems,
            *([study.problem] if study.problem else []),
            *(text.problems.values() if text else ()),
        ],
        "projects": [
            {
                "folder": str(project.root),
                "learned": {
                    style: {"files": learned.files, "characters": learned.characters}
                    for style, learned in sorted(project.learned.items())
                },
            }
            for project in texts.projects
        ],
    }
    if text is not None:
        about = found["document"] = document_of(text)
        about["why"] = why = about["why"] if texts.on else "ghosts are switched off"
        label, quick = about["label"], about["milliseconds"]
        summary = text.style
        summary += f", {label['name']} {100 * label['share']:.0f} %" if label else ""
        summary += "" if quick is None else f", {quick} ms"
        summary += f": no ghost, since {why}" if why else ""
    found["summary"] = summary
    return found


def document_of(text: OpenText) -> dict[str, Any]:
    """What there is to say of one text."""
    return {
        "uri": text.uri,
        "language": text.language,
        "style": text.style,
        "candidates": list(text.candidates),
        "why": text.off or text.why,
        "milliseconds": None if text.milliseconds is None else round(text.milliseconds, 1),
        "label": None if text.label is None else {"name": text.label[0], "share": round(text.label[1], 4)},
    }
