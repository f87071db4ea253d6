"""`make report` writes a page with what there is, and says what is missing."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
PYTHON = REPOSITORY / ".venv-train" / "bin" / "python"
# As in a fresh clone: neither the data set, nor photos, nor what training left.
REPORT_WITHOUT_DATA = """
import sys
from pathlib import Path
from training.report import __main__ as report
from training.report import inputs as facts
from training.report.sections import speed
nowhere = Path(sys.argv[1]) / "nowhere"
for name in ("CROPS", "DEFAULT_DATA"):
    setattr(facts, name, nowhere)
speed.TRAINED = nowhere
report.main(["--out", sys.argv[1], "--photos", "none"])
"""

pytestmark = [
    pytest.mark.system,
    pytest.mark.skipif(not PYTHON.exists(), reason="no .venv-train: make report sets it up"),
]


def test_page_is_written_without_the_data_and_says_what_is_missing(tmp_path: Path) -> None:
    result = subprocess.run(
        [PYTHON, "-c", REPORT_WITHOUT_DATA, tmp_path],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=False,
        timeout=200,
    )
    assert result.returncode == 0, result.stderr
    page = (tmp_path / "index.html").read_text(encoding="utf-8")
    assert "Not available: the data set is not here." in page
    assert "Not available: no whole photos are here." in page
    assert "As recorded in training/results/metrics.json" in page
    assert 'class="faces"' not in page
    pictures = re.findall(r"<img [^>]*>", page)
    assert len(pictures) >= 4
    assert all('src="data:' in picture and 'alt="' in picture for picture in pictures)
    assert {"data-splits.png", "label-agreement.png", "size.png"} <= {
        path.name for path in tmp_path.glob("*.png")
    }
