"""Accept erasures and report their progress: the code of the ``erasure_api`` function."""
