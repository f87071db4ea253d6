"""A contender of ``make bench``: a process that plays videos on request and reports its time.

Each contender runs in an environment of its own, so this module needs the standard library only.
Requests and answers are lines of JSON on standard input and output.
"""

from __future__ import annotations

import json
import os
import resource
import sys
import time
from collections.abc import Callable

__all__ = ["Play", "serve"]

Play = Callable[[str, int], dict[str, float]]
"""Takes the path of a video and how many frames of it to process. Returns ``frames``, and more
numbers by name."""


def serve(play: Play, versions: str) -> None:
    """Answer requests until standard input ends.

    The time is the processor time of all threads of the process per frame, without its start.
    """
    # Libraries print to standard output, too.
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    print(json.dumps({"versions": versions}), file=answers, flush=True)
    for line in sys.stdin:
        request = json.loads(line)
        begun = time.process_time()
        result = play(request["path"], request["frames"])
        result["cpu_ms"] = (time.process_time() - begun) * 1000 / result["frames"]
        result["peak_mb"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024  # Linux: KiB
        print(json.dumps(result), file=answers, flush=True)
