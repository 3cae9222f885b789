"""The stages of learning as a picture: loss and skills against characters seen, an SVG that is always the same.

Of a style with labels it shows as well how soon a text's label is told: a curve over the text for each stage.
"""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

from rnncomplete.text.wording import short_number

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
    """An SVG document with the loss of ``stages`` and, where they were counted, their skills, and how soon labels are told."""
    import matplotlib as mpl
    from matplotlib.figure import Figure

    with mpl.rc_context(SETTINGS):
        names = dict.fromkeys(name for stage in stages for name in stage.get("skills", {}))
        told = [stage for stage in stages if stage.get("told_right")]
        heights = [2, *[3] * bool(names), *[3] * bool(told)]
        figure = Figure(figsize=(7.5, sum(heights) * (1.2 if names or told else 1.25)), layout="constrained")
        losses = figure.subplots(len(heights), 1, squeeze=False, height_ratios=heights)[0, 0]
        if names:
            figure.axes[1].sharex(losses)
            losses.label_outer()
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
        figure.axes[1 if names else 0].set(xlabel="characters seen")
        if told:
            _draw_labels(figure.axes[-1], told)
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


def _draw_labels(axes: Axes, stages: Sequence[Stage]) -> None:
    """A curve a stage, the later the darker: the share of labels told right against how much of a text is read."""
    import matplotlib as mpl
    from matplotlib.ticker import PercentFormatter

    for number, stage in enumerate(stages, 1):
        shares = stage["told_right"]
        read = [place / len(shares) for place in range(1, len(shares) + 1)]
        colour = mpl.colormaps["viridis_r"](number / len(stages))
        axes.plot(read, shares, marker="o", markersize=3, color=colour, label=short_number(stage["characters"]))
    axes.set(xlabel="of a text read", ylabel="labels told right", xlim=(0, 1.02), ylim=(-0.02, 1.02))
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_formatter(PercentFormatter(1.0))
    axes.legend(
        title="characters seen",
        title_fontsize=7,
        fontsize=7,
        loc="center left",
        bbox_to_anchor=(1.0, 0.5),
        frameon=False,
    )
