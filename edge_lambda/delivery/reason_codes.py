"""What the reason codes of MQTT 5 mean: why a broker refuses a connection or a message.

https://docs.oasis-open.org/mqtt/mqtt/v5.0/os/mqtt-v5.0-os.html#_Toc3901031
"""

from __future__ import annotations

from collections.abc import Mapping

FAILURE = 0x80  # reason codes from here on are failures: section 2.4
UNSUPPORTED_VERSION = 0x84
PACKET_TOO_LARGE = 0x95
NAMES: Mapping[int, str] = {
    0x80: "unspecified error",
    0x81: "malformed packet",
    0x82: "protocol error",
    0x83: "implementation specific error",
    UNSUPPORTED_VERSION: "unsupported protocol version",
    0x85: "client identifier not valid",
    0x86: "bad user name or password",
    0x87: "not authorized",
    0x88: "server unavailable",
    0x89: "server busy",
    0x8A: "banned",
    0x8C: "bad authentication method",
    0x90: "topic name invalid",
    0x91: "packet identifier in use",
    PACKET_TOO_LARGE: "packet too large",
    0x97: "quota exceeded",
    0x99: "payload format invalid",
    0x9A: "retain not supported",
    0x9B: "quality of service not supported",
    0x9C: "use another server",
    0x9D: "server moved",
    0x9F: "connection rate exceeded",
}


def in_words(code: int) -> str:
    """Return what a reason code means."""
    return NAMES.get(code, f"reason code {code}")
