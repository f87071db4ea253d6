"""Deploy a stage, after making sure that it can be."""
