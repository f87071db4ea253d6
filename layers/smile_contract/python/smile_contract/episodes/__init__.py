"""When a smile starts and ends, decided from the scores of one face.

The device applies these rules to each frame, and the cloud applies them again to stored scores.
"""
