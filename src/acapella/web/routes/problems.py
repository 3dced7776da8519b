"""What the description of the API says of refusals."""

from typing import Any

from acapella.web.songs import Problem

MEANINGS = {
    400: "The request, or its Host, is not as it should be.",
    401: "The token is missing or wrong.",
    403: "The request comes from another site.",
    404: "There is no such thing.",
    408: "The upload stood still for too long.",
    409: "The song is in a state in which that cannot be done.",
    411: "The length is missing.",
    413: "The upload is too large.",
    416: "The range lies outside the file.",
    422: "A value is not allowed.",
    429: "The queue is full; Retry-After says when to try again.",
    507: "The disk or the quota is full.",
}
ALWAYS = (400, 401, 403)  # by the guard, before any route


def problems(*codes: int) -> dict[int | str, dict[str, Any]]:
    """The refusals that a route knows, for the description."""
    return {code: {"model": Problem, "description": MEANINGS[code]} for code in sorted({*ALWAYS, *codes})}
