"""How the server is: for programs that watch over it."""

from fastapi import APIRouter, Response
from pydantic import BaseModel

from acapella import __version__
from acapella.web.metrics import MEDIA_TYPE, expose
from acapella.web.routes.problems import problems
from acapella.web.studio import Parts

router = APIRouter(tags=["status"])


class Health(BaseModel):
    """That the server works, and how much it has to do."""

    status: str
    version: str
    waiting: int
    running: int


@router.get("/health", responses=problems())
def read_health(studio: Parts) -> Health:
    """Ask whether the server works; needs no token."""
    counts = studio.store.counts()
    return Health(status="ok", version=__version__, waiting=counts.get("waiting", 0), running=counts.get("running", 0))


@router.get(
    "/metrics",
    response_class=Response,
    responses={200: {"content": {"text/plain": {"schema": {"type": "string"}}}}, **problems()},
)
def read_metrics(studio: Parts) -> Response:
    """Read counts in Prometheus' text format."""
    return Response(expose(studio), media_type=MEDIA_TYPE)
