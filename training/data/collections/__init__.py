"""The collections of labelled faces, one file per reader."""
