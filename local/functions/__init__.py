"""The Lambda runtime in small: the real handlers under the real runtime client."""
