"""``PUT …/feedback``, parsed strictly: every invalid field is reported at once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from smile_cloud.counts import VERDICTS
from smile_cloud.http.errors import BodyError, FieldProblem
from smile_cloud.http.json_body import read_object, unknown_fields

MAX_BY_CHARACTERS: Final = 64
FIELDS: Final = ("verdict", "by")


@dataclass(frozen=True, slots=True)
class Feedback:
    """What a person says about an event.

    Attributes
    ----------
    verdict : str
        ``smile``, ``not_smile`` or ``unsure``.
    by : str or None
        Who says it, as the client names the person; None if the client names nobody.
    """

    verdict: str
    by: str | None

    @classmethod
    def parse(cls, content_type: str | None, body: str | None) -> Feedback:
        """Return the feedback in the body of a request.

        Raises
        ------
        RequestError
            When the body is not a JSON object.
        BodyError
            Names every field that is unknown or invalid.
        """
        document = read_object(content_type, body)
        problems = unknown_fields(document, FIELDS)
        verdict = document.get("verdict")
        if not isinstance(verdict, str) or verdict not in VERDICTS:
            problems.append(FieldProblem("verdict", f"expected {' or '.join(VERDICTS)}."))
        by = document.get("by")
        if by is not None and not _is_name(by):
            detail = f"expected 1 to {MAX_BY_CHARACTERS} printable characters; leave it out or "
            problems.append(FieldProblem("by", detail + "send null to name nobody."))
        if problems:
            raise BodyError(problems)
        return cls(str(verdict), by)


def caller(context: Mapping[str, Any]) -> str | None:
    """Return who sent a request, given its ``requestContext``: ARN, id of the key, or principal.

    None when the API asked for none of them, as on one machine.
    https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-lambda-proxy-integrations.html
    """
    identity = context.get("identity") or {}
    authorizer = context.get("authorizer") or {}
    found = identity.get("userArn") or identity.get("apiKeyId") or authorizer.get("principalId")
    return str(found) if found else None


def _is_name(value: object) -> bool:
    return isinstance(value, str) and 1 <= len(value) <= MAX_BY_CHARACTERS and value.isprintable()
