"""Models: which can be chosen."""

from fastapi import APIRouter

from acapella.web.models import Model
from acapella.web.routes.problems import problems
from acapella.web.studio import Parts

router = APIRouter(tags=["models"])


@router.get("/models", responses=problems())
def read_models(studio: Parts) -> list[Model]:
    """List the installed models."""
    return list(studio.models.all().values())
