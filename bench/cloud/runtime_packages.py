"""The packages that the Python runtime of Lambda installs besides the standard library."""

from __future__ import annotations

import re
from importlib.metadata import files, requires
from pathlib import Path
from typing import Final

_RUNTIME_PACKAGES: Final = ("boto3", "awslambdaric")


def link_runtime_packages(folder: Path) -> None:
    """Make `folder`, and in it links to these packages and to what they require."""
    folder.mkdir()
    wanted, seen = list(_RUNTIME_PACKAGES), set()
    while wanted:
        name = wanted.pop()
        if name in seen:
            continue
        seen.add(name)
        wanted += [
            re.split(r"[\s\[(<>=!;]", need, maxsplit=1)[0]
            for need in requires(name) or []
            if "extra ==" not in need
        ]
        for file in files(name) or []:
            top, root = file.parts[0], Path(str(file.locate())).parents[len(file.parts) - 1]
            if top not in {"..", "__pycache__"} and not (folder / top).exists():
                (folder / top).symlink_to(root / top)
