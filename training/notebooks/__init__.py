"""What the notebooks call: data made ready, pictures and tables to look at, a short training."""

from training.notebooks.first_try import FirstTry, try_training
from training.notebooks.notebook_data import NotebookData, load_notebook_data
from training.notebooks.own_photos import own_photos
from training.notebooks.show import HtmlTable, Sheet, Svg, chart, sheet, table

__all__ = [
    "FirstTry",
    "HtmlTable",
    "NotebookData",
    "Sheet",
    "Svg",
    "chart",
    "load_notebook_data",
    "own_photos",
    "sheet",
    "table",
    "try_training",
]
