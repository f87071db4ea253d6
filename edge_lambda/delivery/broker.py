"""Address and credentials of the MQTT broker."""

from __future__ import annotations

import ssl
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import unquote, urlsplit

from edge_lambda.errors import ConfigError
from edge_lambda.network_host import read_host

_PORTS = {"mqtt": 1883, "mqtts": 8883}


@dataclass(frozen=True, slots=True, kw_only=True)
class Broker:
    """A broker's address and credentials.

    Attributes
    ----------
    host : str
    port : int
    is_encrypted : bool
        Use TLS; with `cert_file` and `key_file` mutual TLS, which AWS IoT Core expects on
        port 8883 (https://docs.aws.amazon.com/iot/latest/developerguide/protocols.html).
    username, password : str or None
    ca_file : Path or None
        Root CAs to trust, PEM; None trusts the system's.
    cert_file, key_file : Path or None
        Certificate and private key of the device, PEM.
    """

    host: str
    port: int
    is_encrypted: bool = False
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    ca_file: Path | None = None
    cert_file: Path | None = None
    key_file: Path | None = None

    @classmethod
    def from_url(
        cls,
        url: str,
        *,
        ca_file: Path | None = None,
        cert_file: Path | None = None,
        key_file: Path | None = None,
    ) -> Broker:
        """Parse ``mqtt[s]://[user:password@]host[:port]``.

        Raises
        ------
        ConfigError
            When the URL is invalid or does not go with the files.
        """
        expected = "expected mqtt://host[:port] or mqtts://host[:port]"
        try:
            parts = urlsplit(url)
            host, port = read_host(parts.netloc.rpartition("@")[2])
        except ValueError:
            raise ConfigError(f"mqtt.url: {expected}") from None
        # urlsplit removes line breaks, wherever they are.
        if parts.scheme not in _PORTS or not url.isprintable():
            raise ConfigError(f"mqtt.url: {expected}")
        if parts.path not in {"", "/"} or parts.query or parts.fragment:
            raise ConfigError(f"mqtt.url: {expected}, without a path")
        is_encrypted = parts.scheme == "mqtts"
        files = {"ca_file": ca_file, "cert_file": cert_file, "key_file": key_file}
        for name, path in files.items():
            if path is not None and not is_encrypted:
                raise ConfigError(f"mqtt.{name}: needs an mqtts:// url")
        if (cert_file is None) != (key_file is None):
            missing = "key_file" if key_file is None else "cert_file"
            raise ConfigError(f"mqtt.{missing}: expected, because certificate and key go together")
        return cls(
            host=host,
            port=port or _PORTS[parts.scheme],
            is_encrypted=is_encrypted,
            username=unquote(parts.username) if parts.username is not None else None,
            password=unquote(parts.password) if parts.password is not None else None,
            ca_file=ca_file,
            cert_file=cert_file,
            key_file=key_file,
        )

    def tls_context(self) -> ssl.SSLContext | None:
        """Return a context for TLS 1.2 or later; None without encryption.

        Raises
        ------
        ConfigError
            When a file cannot be read or has other content; the message names its setting.
        """
        if not self.is_encrypted:
            return None
        try:
            context = ssl.create_default_context(cafile=self.ca_file)
        except OSError as error:
            raise ConfigError(_unusable("ca_file", self.ca_file, error)) from None
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        if self.cert_file is not None and self.key_file is not None:
            for name, path in (("cert_file", self.cert_file), ("key_file", self.key_file)):
                if not path.is_file():
                    raise ConfigError(f"mqtt.{name}: no such file: {path}")
            try:
                # The empty password keeps OpenSSL from asking for one on the terminal.
                context.load_cert_chain(self.cert_file, self.key_file, password="")
            except OSError as error:
                raise ConfigError(_unusable("cert_file, key_file", self.cert_file, error)) from None
        return context


def _unusable(name: str, path: Path | None, error: OSError) -> str:
    reason = error.reason if isinstance(error, ssl.SSLError) else error.strerror
    problem = reason.replace("_", " ").lower() if reason else "expected unencrypted PEM"
    return f"mqtt.{name}: {path}: {problem}"
