"""``make local-aws``: the AWS endpoint for ``sam local``."""
