"""What the notebooks call: prepared data, pictures and tables to show, a short training."""

from training.notebooks.notebook_data import NotebookData, load_notebook_data
from training.notebooks.own_photos import own_photos
from training.notebooks.short_training import train_briefly
from training.notebooks.show import sheet, table

__all__ = [
    "NotebookData",
    "load_notebook_data",
    "own_photos",
    "sheet",
    "table",
    "train_briefly",
]
