"""Faces in an image, and whether they smile."""
