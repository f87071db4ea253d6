"""The part of a path that is not the API's: the stage, or the base path of a custom domain."""

from __future__ import annotations


def without_base_path(path: str, resource: str) -> str:
    """Return `path` as the API declares it.

    Under a custom domain name with a base path, API Gateway puts the base path before ``path``:
    https://docs.aws.amazon.com/apigateway/latest/developerguide/how-to-custom-domains.html

    Parameters
    ----------
    path : str
        Path of a request, its parameters as sent.
    resource : str
        The resource that it reached, such as ``/v1/devices/{device}``.

    Returns
    -------
    str
        The end of `path` that matches `resource`; `path` itself if none does.
    """
    if resource == "/":
        return resource
    wanted = resource.strip("/").split("/")
    given = path.strip("/").split("/")
    own = given[-len(wanted) :]
    pairs = zip(wanted, own, strict=False)
    is_own = all(expected == one or expected.startswith("{") for expected, one in pairs)
    return f"/{'/'.join(own)}" if is_own and len(own) == len(wanted) else path
