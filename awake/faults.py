"""What a client is told in the place of an answer, in OpenAI's form."""

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse

from awake import form


class Fault(Exception):
    """What a client is told in the place of an answer."""

    def __init__(self, status: int, message: str, *, code: str | None = None, param: str | None = None):
        super().__init__(message)
        self.status, self.code, self.param = status, code, param


def tell_faults(app: FastAPI) -> None:
    """Answer every fault, foreseen or not, in OpenAI's form."""
    app.add_exception_handler(Fault, _told)
    app.add_exception_handler(Exception, _failed)
    app.add_exception_handler(404, _nothing_there)
    app.add_exception_handler(405, _nothing_there)


async def _told(_request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, Fault)
    again = {"Retry-After": "1"} if error.status in (429, 503) else None
    body = form.error(error.status, str(error), code=error.code, param=error.param)
    return JSONResponse(body, error.status, headers=again)


async def _failed(_request: Request, _error: Exception) -> JSONResponse:
    """What nobody has foreseen; the server's log has all of it."""
    return JSONResponse(form.error(500, "This request could not be answered: the server's log says why."), 500)


async def _nothing_there(request: Request, _error: Exception) -> JSONResponse:
    return JSONResponse(form.error(404, f"There is nothing at {request.method} {request.url.path} here."), 404)
