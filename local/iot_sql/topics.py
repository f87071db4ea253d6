"""MQTT topic filters, as in section 4.7 of MQTT 3.1.1 and the limits of AWS IoT Core."""

from __future__ import annotations

MAX_TOPIC_BYTES = 256  # "AWS IoT Core message broker and protocol limits and quotas"
MAX_SLASHES = 7


def filter_problem(topic_filter: str) -> str | None:
    """Return what is wrong with a topic filter, None when it is good."""
    levels = topic_filter.split("/")
    if not topic_filter:
        return "a topic filter must not be empty"
    if "\0" in topic_filter:
        return "a topic filter must not hold a null character"
    if any("+" in level and level != "+" for level in levels):
        return "+ must stand alone between slashes"
    if any("#" in level and level != "#" for level in levels) or "#" in levels[:-1]:
        return "# must stand alone after the last slash"
    if any("*" in level for level in levels):
        return "* is no MQTT wildcard: use + for one level or # for the rest"
    return None


def topic_matches(topic_filter: str, topic: str) -> bool:
    """Tell whether a topic falls under a filter.

    A wildcard in the first level does not match topics that start with ``$`` (4.7.2), and
    ``a/#`` matches ``a`` itself (4.7.1.2).
    """
    wanted, levels = topic_filter.split("/"), topic.split("/")
    if topic.startswith("$") and wanted[0] in ("+", "#"):
        return False
    for i, level in enumerate(wanted):
        if level == "#":
            return True
        if i >= len(levels) or level not in ("+", levels[i]):
            return False
    return len(wanted) == len(levels)


def within_aws_limits(topic: str) -> bool:
    """Tell whether AWS IoT Core would take a message on this topic."""
    return len(topic.encode("utf-8")) <= MAX_TOPIC_BYTES and topic.count("/") <= MAX_SLASHES
