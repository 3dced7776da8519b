"""Sessions: the page gives the token once, and gets a cookie, which audio elements and downloads send too."""

from typing import Annotated

from fastapi import APIRouter, HTTPException, Request, Response
from pydantic import BaseModel, StringConstraints

from acapella.web.routes.problems import problems
from acapella.web.security import COOKIE, same_secret, session_of
from acapella.web.studio import Parts

router = APIRouter(tags=["session"])
MOST = 4096  # bytes of a body


class Login(BaseModel):
    """The token that the server was started with."""

    token: Annotated[str, StringConstraints(max_length=1000)]


@router.post("/session", status_code=204, responses=problems(413, 422), max_body_size=MOST)
def log_in(request: Request, response: Response, studio: Parts, login: Login) -> None:
    """Give the token, and get a cookie that stands for it."""
    token = studio.settings.token
    if token is None:
        return
    if not same_secret(login.token, token):
        raise HTTPException(401, "The token is wrong.")
    secure = request.url.scheme == "https"
    response.set_cookie(COOKIE, session_of(token), httponly=True, samesite="strict", secure=secure, path="/")
