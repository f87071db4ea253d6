"""Command ``python -m scripts.deterministic_zip folder file.zip``: equal bytes for equal files."""

from __future__ import annotations

import sys
import zipfile
from pathlib import Path

_EPOCH = (1980, 1, 1, 0, 0, 0)  # the earliest date of the zip format


def pack(folder: Path, target: Path) -> None:
    """Write all files of a folder into a zip file, sorted and with a fixed date."""
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as archive:
        for path in sorted(folder.rglob("*")):
            if path.is_file():
                info = zipfile.ZipInfo(path.relative_to(folder).as_posix(), _EPOCH)
                info.compress_type = zipfile.ZIP_DEFLATED
                info.external_attr = (0o755 if path.stat().st_mode & 0o100 else 0o644) << 16
                archive.writestr(info, path.read_bytes())


if __name__ == "__main__":
    pack(Path(sys.argv[1]), Path(sys.argv[2]))
    size_mb = Path(sys.argv[2]).stat().st_size / 1e6
    print(f"{sys.argv[2]}  {size_mb:.1f} MB")
