"""The report's kinds of chart, in one style and in colours that colour-blind readers can tell."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping, Sequence
from textwrap import fill
from typing import Any

import numpy as np

from training.errors import TrainingError
from training.report.page import Chart

__all__ = ["BLUE", "GREEN", "GREY", "ORANGE", "bar_chart", "draw_chart", "interval_chart"]

# Okabe and Ito, Color Universal Design, 2008; darkened where text on white needs it.
BLUE, ORANGE, GREEN, GREY = "#0072B2", "#C04F00", "#00795A", "#5F5F5F"
_SIZE_INCH = (5.6, 4.0)  # small, so that the letters are readable on a phone
_ROW_INCH = 0.26  # height of one row of an interval chart
_LABEL_CHARACTERS = 28  # per line; longer labels of bars and legends would be cut off
_PNG_DPI = 144
_STYLE = {
    "font.size": 11,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "grid.color": "#dddddd",
    "axes.axisbelow": True,
    "lines.linewidth": 2.0,
    "legend.frameon": False,
}

Interval = tuple[float, float, float]  # value, lower bound, upper bound


def draw_chart(
    name: str,
    draw: Callable[[Any], None],
    *,
    alt: str,
    caption: str,
    size_inch: tuple[float, float] = _SIZE_INCH,
) -> Chart:
    """Draw on one pair of axes and return the chart as SVG and PNG.

    Parameters
    ----------
    name
        File name without suffix.
    draw
        Receives matplotlib's Axes.
    alt, caption
        See `Chart`.
    size_inch
        Width and height.

    Returns
    -------
    Chart

    Raises
    ------
    TrainingError
        When matplotlib is not installed.
    """
    try:
        import matplotlib as mpl  # noqa: PLC0415 - only the training environment has it
        from matplotlib.figure import Figure  # noqa: PLC0415
    except ModuleNotFoundError as error:
        raise TrainingError(
            "matplotlib is not installed here: use make report, or .venv-train/bin/python"
        ) from error
    with mpl.rc_context(_STYLE):
        figure = Figure(figsize=size_inch, layout="constrained")
        draw(figure.add_subplot())
        svg, png = io.BytesIO(), io.BytesIO()
        figure.savefig(svg, format="svg")
        figure.savefig(png, format="png", dpi=_PNG_DPI)
    return Chart(name, svg.getvalue(), png.getvalue(), alt, caption)


def bar_chart(
    name: str,
    labels: Sequence[str],
    series: Mapping[str, Sequence[float]],
    *,
    unit: str,
    alt: str,
    caption: str,
    logarithmic: bool = False,
) -> Chart:
    """Draw horizontal bars, one row a label; several series are stacked and get a legend."""

    def draw(axes: Any) -> None:
        totals, names = np.zeros(len(labels)), [fill(label, _LABEL_CHARACTERS) for label in labels]
        for (title, values), (colour, hatch) in zip(
            series.items(), ((BLUE, ""), (ORANGE, "//")), strict=False
        ):
            bars = axes.barh(
                names, values, left=totals, color=colour, hatch=hatch, ec="w", label=title
            )
            totals += values
        axes.bar_label(bars, [f"{total:,.0f}" for total in totals], padding=3)
        axes.margins(x=0.18)
        axes.invert_yaxis()
        axes.grid(visible=False, axis="y")
        axes.set_xlabel(unit)
        if logarithmic:
            axes.set_xscale("log")
        if len(series) > 1:
            axes.legend(loc="lower right")

    return draw_chart(name, draw, alt=alt, caption=caption, size_inch=(5.6, 3.0))


def interval_chart(
    name: str,
    rows: Sequence[str],
    series: Mapping[str, Mapping[int, Interval]],
    *,
    alt: str,
    caption: str,
    minimum: float | None = None,
    label: str = "accuracy, with 95 % interval",
) -> Chart:
    """Draw shares as dots with 95 % intervals, one row a name.

    Parameters
    ----------
    rows
        Names, from top to bottom.
    series
        For each legend entry, the shares by row number. Series side by side in one row are
        drawn below each other.
    minimum
        Where to draw a vertical line, if anywhere.
    label
        Of the horizontal axis.
    """
    shared = len(rows) < sum(len(points) for points in series.values())
    styles = ((BLUE, "o"), (ORANGE, "D"), (GREEN, "^"))

    def draw(axes: Any) -> None:
        for place, ((title, points), (colour, mark)) in enumerate(
            zip(series.items(), styles, strict=False)
        ):
            if not points:
                continue
            values, lows, highs = np.array(list(points.values())).T
            heights = np.array(list(points)) + (0.2 * (place - 1) if shared else 0)
            spread = np.abs([lows - values, highs - values])
            axes.errorbar(
                values, heights, xerr=spread, fmt=mark, ms=5, color=colour, capsize=2, lw=1.4,
                label=fill(title, _LABEL_CHARACTERS),
            )  # fmt: skip
        if minimum is not None:
            axes.axvline(minimum, color="#1a1a1a", ls="--", lw=1.4, label=f"minimum {minimum:g}")
        axes.set_yticks(range(len(rows)), rows, fontsize=9.5)
        axes.set_ylim(len(rows) - 0.4, -0.6)
        axes.set_xlabel(label)
        axes.figure.legend(loc="outside upper right", ncols=2, fontsize=9.5)

    height_inch = 1.6 + _ROW_INCH * len(rows) * (len(series) if shared else 1)
    return draw_chart(name, draw, alt=alt, caption=caption, size_inch=(5.6, height_inch))
