"""What the functions behind the REST API share: strict requests, answers and problem documents."""
