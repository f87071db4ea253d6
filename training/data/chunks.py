"""Work through many pictures on two processes; keep what is done, so that a stop costs little."""

from __future__ import annotations

import hashlib
import io
import multiprocessing
import signal
import zipfile
from collections.abc import Callable, Collection, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from training.workspace import FOUND_FACES, write_atomically

__all__ = ["map_chunks"]

CHUNK = 250  # pictures; a few seconds of work
_PROCESSES = 2
_PROGRESS_STEPS = 10
_DIGEST = "digest"  # name of the array of checksums

Arrays = dict[str, NDArray[Any]]
Item = TypeVar("Item")


def map_chunks(
    work: Callable[[Sequence[Item]], Arrays],
    items: Sequence[Item],
    content: Callable[[Item], bytes],
    *,
    recipe: str,
    title: str,
) -> Arrays:
    """Apply a function to items in chunks, except to those whose results `FOUND_FACES` holds.

    Parameters
    ----------
    work
        Of a chunk: returns arrays with a row per item. A function of a module, because it runs in
        another process.
    items
        All of them, one or more.
    content
        What the result for an item depends on. Equal contents have equal results.
    recipe
        Name and version of the function. Another one starts from nothing.
    title
        What the items are, for the progress.

    Returns
    -------
    Arrays
        The arrays of all items, in their order.
    """
    folder = FOUND_FACES / hashlib.sha256(recipe.encode()).hexdigest()[:16]
    digests = [hashlib.sha256(content(item)).hexdigest() for item in items]
    rows = _load(folder, set(digests))
    new = {digest: item for digest, item in zip(digests, items, strict=True) if digest not in rows}
    chunks = [list(new)[start : start + CHUNK] for start in range(0, len(new), CHUNK)]
    done, total = len(rows), len(rows) + len(new)
    for number, result in _computed(work, [[new[name] for name in chunk] for chunk in chunks]):
        rows |= _rows(chunks[number], result)
        _save(folder, chunks[number], result)
        if len(rows) * _PROGRESS_STEPS // total > done * _PROGRESS_STEPS // total:
            print(f"{title}: looked for faces in {len(rows):,} of {total:,}", flush=True)
        done = len(rows)
    return {name: np.stack([rows[digest][name] for digest in digests]) for name in rows[digests[0]]}


def _computed(
    work: Callable[[Sequence[Item]], Arrays], chunks: Sequence[Sequence[Item]]
) -> Iterator[tuple[int, Arrays]]:
    """Yield the number and the result of each chunk as soon as it is there."""
    if len(chunks) <= 1:  # starting processes takes longer
        yield from ((number, work(chunk)) for number, chunk in enumerate(chunks))
        return
    with _pool() as pool:
        futures: dict[Future[Arrays], int] = {
            pool.submit(work, chunk): number for number, chunk in enumerate(chunks)
        }
        for future in as_completed(futures):
            yield futures[future], future.result()


@contextmanager
def _pool() -> Iterator[ProcessPoolExecutor]:
    """Start processes that finish their chunk after Ctrl-C, and no other one."""
    # "spawn", because the interpreter of the networks does not survive a fork.
    pool = ProcessPoolExecutor(
        _PROCESSES, multiprocessing.get_context("spawn"), signal.signal,
        (signal.SIGINT, signal.SIG_IGN),
    )  # fmt: skip
    try:
        yield pool
    finally:
        pool.shutdown(cancel_futures=True)


def _rows(digests: Sequence[str], arrays: Arrays) -> dict[str, Arrays]:
    """Return the row of each item, by the digest of its content."""
    return {
        digest: {name: array[place] for name, array in arrays.items()}
        for place, digest in enumerate(digests)
    }


def _load(folder: Path, wanted: Collection[str]) -> dict[str, Arrays]:
    rows: dict[str, Arrays] = {}
    for file in sorted(folder.glob("*.npz")):
        try:
            with np.load(file) as content:
                arrays = {name: content[name] for name in content.files}
            found = _rows(arrays.pop(_DIGEST).tolist(), arrays)
        except (KeyError, OSError, ValueError, EOFError, zipfile.BadZipFile):
            continue  # damaged: computed again
        rows |= {digest: row for digest, row in found.items() if digest in wanted}
    return rows


def _save(folder: Path, digests: Sequence[str], result: Arrays) -> None:
    content = io.BytesIO()
    arrays: dict[str, Any] = {**result, _DIGEST: np.array(digests)}
    np.savez(content, **arrays)
    name = hashlib.sha256("".join(digests).encode()).hexdigest()[:32]
    write_atomically(folder / f"{name}.npz", content.getbuffer())
