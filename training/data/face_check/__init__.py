"""Examples for the face check: faces as a camera shows them, and crops without a face."""
