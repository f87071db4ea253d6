"""How every chart is drawn: one size, one set of colours that the colour-blind can tell apart."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

from training.errors import TrainingError
from training.report.page import Chart

__all__ = ["BLUE", "GREEN", "GREY", "ORANGE", "PURPLE", "draw_chart"]

# Okabe and Ito, Color Universal Design, 2008; darkened where text on white needs it.
BLUE, ORANGE, GREEN, PURPLE, GREY = "#0072B2", "#C04F00", "#00795A", "#8A4580", "#5F5F5F"
_SIZE_INCH = (5.6, 4.0)  # small, so that the letters are readable on a phone
_PNG_DPI = 144
_STYLE = {
    "font.size": 12,
    "axes.titlesize": 12,
    "axes.labelsize": 12,
    "legend.fontsize": 10.5,
    "xtick.labelsize": 11,
    "ytick.labelsize": 11,
    "axes.edgecolor": "#444444",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "grid.color": "#dddddd",
    "grid.linewidth": 0.8,
    "axes.axisbelow": True,
    "lines.linewidth": 2.0,
    "legend.frameon": False,
    "svg.hashsalt": "smile-report",  # the same drawing gives the same file
    "figure.facecolor": "white",
}


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
        Is given matplotlib's Axes.
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
        import matplotlib as mpl  # noqa: PLC0415 - the product's environment has none
        from matplotlib.figure import Figure  # noqa: PLC0415
    except ModuleNotFoundError as error:
        raise TrainingError(
            "matplotlib is not installed here: use make report, or .venv-train/bin/python"
        ) from error
    with mpl.rc_context(_STYLE):
        figure = Figure(figsize=size_inch, layout="constrained")
        draw(figure.add_subplot())
        svg, png = io.BytesIO(), io.BytesIO()
        figure.savefig(svg, format="svg", metadata={"Date": None, "Creator": None})
        figure.savefig(png, format="png", dpi=_PNG_DPI, metadata={"Software": None})
    return Chart(name, svg.getvalue(), png.getvalue(), alt, caption)
