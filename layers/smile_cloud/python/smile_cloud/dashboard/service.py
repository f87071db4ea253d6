"""``dashboard``: find a file of the dashboard, and say how a browser may keep it.

All modules of a page have the version of the page in their path, so a browser never mixes two
versions, and keeps each one as long as it likes. Each visit asks only for the page itself.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from html import escape
from http import HTTPStatus
from pathlib import Path
from string import Template
from types import MappingProxyType
from typing import Final

from smile_cloud.dashboard.sign_in import RETRY_AFTER_S, Offer, SignIn
from smile_cloud.http.errors import NotFoundError

TYPES: Final[Mapping[str, str]] = MappingProxyType(
    {
        ".css": "text/css; charset=utf-8",
        ".html": "text/html; charset=utf-8",
        ".js": "text/javascript; charset=utf-8",
        ".svg": "image/svg+xml",
    }
)
PAGE: Final = "index.html"
# Nothing of another host, nothing inline, no text that becomes code or HTML. Only a sign-in adds an
# origin: that of the endpoint which gives the token.
_CONTENT_SECURITY_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
    "connect-src {connect}; base-uri 'self'; form-action 'none'; frame-ancestors 'none'; "
    "require-trusted-types-for 'script'; trusted-types 'none'"
)
_VERSION_CHARACTERS: Final = 12
_OLD_VERSION: Final = "no-store"  # while two versions of the function answer, during a deployment
_SAME_VERSION: Final = "public, max-age=31536000, immutable"


@dataclass(frozen=True, slots=True)
class File:
    """A file as HTTP sends it; `text` is empty when the browser has it already."""

    status: HTTPStatus
    type: str
    text: str
    headers: Mapping[str, str]


class DashboardService:
    """Answers requests for the files of the dashboard.

    Parameters
    ----------
    folder : Path
        Where the files are.
    is_on : bool
        Whether they are served at all.
    sign_in : SignIn, optional
        How people get a token; without it, they enter a key.
    """

    def __init__(self, folder: Path, *, is_on: bool, sign_in: SignIn | None = None) -> None:
        self._folder = folder
        self._is_on = is_on
        self._sign_in = sign_in

    @cached_property
    def _files(self) -> dict[str, str]:
        """The text of each file by its name."""
        found = sorted(self._folder.iterdir())
        return {path.name: path.read_text("utf-8") for path in found if path.suffix in TYPES}

    @cached_property
    def version(self) -> str:
        """The version of the dashboard: a hash of all its files."""
        digest = hashlib.sha256()
        for name, text in self._files.items():
            digest.update(f"{name}\0{text}\0".encode())
        return digest.hexdigest()[:_VERSION_CHARACTERS]

    def page(self, base: str, known: str | None) -> File:
        """Return the page; its status is 503 while nobody can sign in because the issuer is away.

        Parameters
        ----------
        base : str
            Path of the API, with a slash at its end: the links of the page are relative to it.
        known : str or None
            ``If-None-Match`` of the request.

        Raises
        ------
        NotFoundError
            When the dashboard is off.
        """
        self._check_on()
        offer = self._sign_in.offer() if self._sign_in else Offer({})
        text = Template(self._files[PAGE]).substitute(
            base=escape(base), version=self.version, sign_in=escape(json.dumps(offer.page))
        )
        connect = " ".join(filter(None, ("'self'", offer.token_origin)))
        headers = {
            "Content-Security-Policy": _CONTENT_SECURITY_POLICY.format(connect=connect),
            "Cross-Origin-Opener-Policy": "same-origin",
            "Referrer-Policy": "no-referrer",
            "X-Content-Type-Options": "nosniff",
        }
        if offer.is_away:
            headers |= {"Cache-Control": "no-store", "Retry-After": str(RETRY_AFTER_S)}
            return File(HTTPStatus.SERVICE_UNAVAILABLE, TYPES[".html"], text, headers)
        tag = f'"{hashlib.sha256(text.encode()).hexdigest()[:_VERSION_CHARACTERS]}"'
        headers |= {"Cache-Control": "no-cache", "ETag": tag}
        if known == tag:
            return File(HTTPStatus.NOT_MODIFIED, TYPES[".html"], "", headers)
        return File(HTTPStatus.OK, TYPES[".html"], text, headers)

    def file(self, version: str, name: str) -> File:
        """Return a file that the page uses.

        Parameters
        ----------
        version : str
            The version in the path; any other than the current one is answered, but not kept.
        name : str
            Such as ``app.js``.

        Raises
        ------
        NotFoundError
            When there is no such file, or the dashboard is off.
        """
        self._check_on()
        if name not in self._files or name == PAGE:
            raise NotFoundError("The dashboard has no such file; load the page again.")
        headers = {
            "Cache-Control": _SAME_VERSION if version == self.version else _OLD_VERSION,
            "Content-Security-Policy": "default-src 'none'",
            "Cross-Origin-Resource-Policy": "same-origin",
            "X-Content-Type-Options": "nosniff",
        }
        return File(HTTPStatus.OK, TYPES[Path(name).suffix], self._files[name], headers)

    def _check_on(self) -> None:
        if not self._is_on:
            raise NotFoundError(
                "The dashboard is switched off; the parameter DashboardPages=on switches it on."
            )
