"""The stages of learning as a picture: loss and skills against characters seen, an SVG that is always the same."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes

    from rnncomplete.network.card import Stage

SETTINGS: dict[Any, Any] = {
    "svg.hashsalt": "rnncomplete",  # names of clips and markers follow from the content
    "svg.fonttype": "none",  # letters stay letters
    "font.family": "sans-serif",
    "font.size": 9,
}


def draw_stages(style: str, stages: Sequence[Stage]) -> str:
    """An SVG document with the loss of ``stages`` and, where they were counted, their skills."""
    import matplotlib as mpl
    from matplotlib.figure import Figure

    with mpl.rc_context(SETTINGS):
        names = dict.fromkeys(name for stage in stages for name in stage.get("skills", {}))
        figure = Figure(figsize=(7.5, 6 if names else 2.5), layout="constrained")
        losses = figure.subplots(2, 1, sharex=True, height_ratios=[2, 3])[0] if names else figure.subplots()
        # A network that was never better than what it began with is a stage of no characters, which no logarithm shows.
        stages = [stage for stage in stages if stage["characters"] > 0]
        seen = [stage["characters"] for stage in stages]
        losses.plot(seen, [stage["loss"] for stage in stages], marker="o", markersize=3, color="black")
        losses.set(
            xscale="log" if stages else "linear",
            ylabel="nats per character",
            title=f"{style}: what it learned, and when",
        )
        if names:
            _draw_skills(figure.axes[1], stages, list(names))
        figure.axes[-1].set(xlabel="characters seen")
        for axes in figure.axes:
            axes.grid(visible=True, alpha=0.3)
        document = io.StringIO()
        figure.savefig(document, format="svg", metadata={"Date": None, "Creator": None})
    return document.getvalue()


def _draw_skills(axes: Axes, stages: Sequence[Stage], names: Sequence[str]) -> None:
    """A line a skill."""
    from matplotlib.ticker import PercentFormatter

    for number, name in enumerate(names):
        counted = [(stage["characters"], stage["skills"].get(name)) for stage in stages if stage.get("skills")]
        points = [(at, share) for at, share in counted if share is not None]
        if points:
            line, label = "--" if name.startswith("words") else "-", name.replace("_", " ")
            axes.plot(*zip(*points, strict=True), line, marker="o", markersize=3, color=f"C{number}", label=label)
    axes.set(ylabel="share", ylim=(-0.02, 1.02))
    axes.yaxis.set_major_formatter(PercentFormatter(1.0))
    if axes.lines:
        axes.legend(fontsize=7, loc="center left", bbox_to_anchor=(1.0, 0.5), frameon=False)
