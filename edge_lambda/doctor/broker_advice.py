"""What to do when the broker cannot be reached, is not trusted, or refuses."""

from __future__ import annotations

from collections.abc import Mapping

from edge_lambda.config import EdgeConfig
from edge_lambda.delivery.reason_codes import PACKET_TOO_LARGE, UNSUPPORTED_VERSION

NETWORK = "check the network, the firewall and mqtt.url"
NOTHING_LISTENS = "start the broker, and check host and port in mqtt.url"
NO_TLS = "check the port in mqtt.url, and use mqtt:// if the broker has no TLS"
_POLICY = (
    "attach the device policy to the certificate, and the certificate to the thing: "
    "make device does both"
)
_LOGIN = "correct the user name and the password in mqtt.url, and the rights of that user"
_WAIT = "wait some minutes and try again; then check the limits of the broker or AWS account"
_LOG = "look into the log of the broker"
_DEVICE_ID = "set device_id to a name that the broker accepts, and that no other device has"
_MOVED = "set mqtt.url to the address that the broker uses now"
_NOT_AUTHORIZED = {0x86, 0x87, 0x8C}
# Those not named here say only that something went wrong.
_BY_CODE: Mapping[int, str] = {
    UNSUPPORTED_VERSION: "use a broker that speaks MQTT 5 or 3.1.1",
    0x85: _DEVICE_ID,
    0x88: _WAIT,
    0x89: _WAIT,
    0x8A: "ask the operator of the broker why it bans this device",
    0x90: _DEVICE_ID,
    PACKET_TOO_LARGE: "let the broker accept messages of 128 KiB",
    0x97: _WAIT,
    0x9A: "let the broker keep retained messages: the device publishes its status as one",
    0x9B: "let the broker accept quality of service 1",
    0x9C: _MOVED,
    0x9D: _MOVED,
    0x9F: _WAIT,
}
# Codes of OpenSSL: X509_verify_cert_error_string(3).
_NOT_YET_VALID, _EXPIRED, _OTHER_NAME, _OTHER_ADDRESS = 9, 10, 62, 64
_BY_FAULT: Mapping[int, str] = {
    _NOT_YET_VALID: "check the clock of this machine",
    _EXPIRED: "check the clock of this machine; if it is right, renew the broker's certificate",
    _OTHER_NAME: "set the host in mqtt.url to the name in the broker's certificate",
    _OTHER_ADDRESS: "set the host in mqtt.url to the name in the broker's certificate",
}


def access_advice(config: EdgeConfig) -> str:
    """Return what gives the device access."""
    return _LOGIN if config.mqtt.cert_file is None else _POLICY


def cut_advice(config: EdgeConfig) -> str:
    """Return what to do when the broker ends a connection without a word."""
    if not config.mqtt.url.startswith("mqtts:"):
        return (
            "use mqtts:// in mqtt.url if the broker has TLS; else look into the log of the broker"
        )
    if config.mqtt.cert_file is None:
        return "set mqtt.cert_file and mqtt.key_file: the broker may expect a certificate"
    return f"check that the certificate is valid and active; then {_POLICY}"


def refusal_advice(code: int, config: EdgeConfig) -> str:
    """Return what to do when the broker refuses with a reason code of MQTT 5."""
    return access_advice(config) if code in _NOT_AUTHORIZED else _BY_CODE.get(code, _LOG)


def trust_advice(fault: int) -> str:
    """Return what to do when the certificate of the broker is not accepted."""
    return _BY_FAULT.get(fault, "set mqtt.ca_file to the root CAs of the broker")
