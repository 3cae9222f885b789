"""The folder of a style, written whole or not at all, and never over anything else."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rnncomplete.errors import StyleError
from rnncomplete.files import replaced_folder, true_path
from rnncomplete.styles import CARD, MEMORY
from rnncomplete_export.exporting.graphs import with_card
from rnncomplete_export.exporting.readme import render_readme
from rnncomplete_export.story.plot import draw_stages

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    import onnx

    from rnncomplete.mixing.memory import CorpusMemory
    from rnncomplete.network.card import Card


def refuse_others(folder: Path) -> None:
    """Raise :class:`StyleError` if ``folder`` is, or holds, what an export must not replace: anything but a style."""
    free = not folder.exists() or (folder.is_dir() and not any(folder.iterdir()))
    if not free and not (folder / CARD).is_file():
        raise StyleError(
            f"{folder} is there already, and is not a style; expected a style to replace, or a folder that is new or empty: name another"
        )


def write_style(folder: Path, card: Card, graphs: Mapping[str, onnx.ModelProto], memory: CorpusMemory | None) -> None:
    """Put the files of a style into ``folder``, ``graphs`` by name, replacing what was there only when all are written.

    Raises :class:`StyleError` if they cannot be written, or would replace anything but a style.
    """
    folder = true_path(folder)
    refuse_others(folder)
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with replaced_folder(folder) as fresh:
            (fresh / CARD).write_text(card.to_json() + "\n", encoding="utf-8")
            for name, graph in graphs.items():
                (fresh / name).write_bytes(with_card(graph, card.to_json()))
            if memory is not None:
                (fresh / MEMORY).write_bytes(memory.to_bytes(packed=True))
            (fresh / "stages.svg").write_text(draw_stages(card.style, card.stages), encoding="utf-8")
            (fresh / "README.md").write_text(render_readme(card), encoding="utf-8")
    except OSError as error:
        raise StyleError(
            f"cannot write the style to {folder}: {error.strerror or error}; what was trained is safe: free some space or "
            "choose another place, and type: rnncomplete export CHECKPOINT -o FOLDER"
        ) from None
