"""Erasures: what was erased of a device, the jobs that erase, and the queue of their steps."""
