"""The application: the API, its documentation and the page."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from anyio import to_thread
from fastapi import APIRouter, FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from fastapi.staticfiles import StaticFiles

from acapella import __version__
from acapella.errors import AcapellaError, UsageError
from acapella.jobs.executor import Executor
from acapella.web.keeping import Keeper
from acapella.web.routes import events, mixes, models, session, songs, status, stems
from acapella.web.security import API, HEADERS, Guard
from acapella.web.settings import ServerSettings
from acapella.web.studio import Studio

HERE = Path(__file__).parent
ROUTERS = (songs.router, events.router, stems.router, mixes.router, models.router, session.router, status.router)


def create_app(settings: ServerSettings, executor: Executor | None = None) -> FastAPI:
    """The application, which works on the songs of its data folder while it runs; `executor` separates them."""
    studio = Studio(settings, executor)
    keeper = Keeper(studio)

    @asynccontextmanager
    async def live(_: FastAPI) -> AsyncIterator[None]:
        await to_thread.run_sync(studio.open)
        keeper.start()
        yield
        await to_thread.run_sync(keeper.stop)
        await to_thread.run_sync(studio.close)

    app = FastAPI(
        title="Acapella",
        version=__version__,
        summary="Takes a song and gives back the voice and the music, each on its own.",
        docs_url=None,  # FastAPI's own pages load scripts from other hosts
        redoc_url=None,
        openapi_url="/openapi.json",
        lifespan=live,
    )
    app.state.studio = studio
    app.add_middleware(Guard, settings=settings)
    app.add_exception_handler(RequestValidationError, _explain)
    app.add_exception_handler(AcapellaError, _explain)
    app.add_exception_handler(Exception, _admit)
    api = APIRouter(prefix=API)
    for router in ROUTERS:
        api.include_router(router)
    app.include_router(api)
    app.mount("/docs", StaticFiles(directory=HERE / "documentation", html=True), name="documentation")
    app.mount("/", StaticFiles(directory=HERE / "page", html=True, check_dir=False), name="page")
    return app


async def _explain(_: Request, error: Exception) -> JSONResponse:
    """Errors as one sentence."""
    if isinstance(error, RequestValidationError):
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"][1:]) or str(first["loc"][0])
        return JSONResponse({"detail": f"{place}: {first['msg']}."}, 422)
    return JSONResponse({"detail": str(error)}, 422 if isinstance(error, UsageError) else 500)


async def _admit(_: Request, __: Exception) -> JSONResponse:
    """A defect of ours, outside of all middleware; its traceback is in the log."""
    return JSONResponse({"detail": "The server has made a mistake; its log says which."}, 500, HEADERS)
