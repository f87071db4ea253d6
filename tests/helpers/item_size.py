"""The size of an item in bytes, as the benchmarks count it."""

from bench.cloud.item_size import item_bytes as size_of

__all__ = ["size_of"]
