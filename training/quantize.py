"""Step 3: convert the trained network to a full-int8 TFLite file.

    python -m training.quantize

Reads build/training/run/trained.keras, writes smile_classifier.tflite to the same folder. Takes
10 s.
"""

from __future__ import annotations

from collections.abc import Sequence

from training.command_line import command_parser, run_command
from training.data.crops import Crops
from training.data.splits import Split
from training.errors import TrainingError
from training.evaluation.minimum_metrics import read_minimum_metrics
from training.model.convert import convert
from training.model.network import load_network
from training.workspace import CROPS, QUANTIZED, TRAINED, display_path, write_atomically

__all__ = ["main"]


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command."""
    command_parser("training.quantize", __doc__).parse_args(arguments)
    crops = Crops.load(CROPS).part(Split.TRAIN)
    content = convert(load_network(TRAINED, made_by="python -m training.train"), crops)
    limit = int(read_minimum_metrics()["bytes_max"])
    if len(content) > limit:
        raise TrainingError(
            f"the int8 file has {len(content):,} bytes: expected {limit:,} or fewer"
        )
    write_atomically(QUANTIZED, content)
    print(f"{display_path(QUANTIZED)}: {len(content):,} bytes")


if __name__ == "__main__":
    run_command(main)
