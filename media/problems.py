"""Every error of the media role as problem+json, readable from other origins."""

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.middleware.cors import CORSMiddleware
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from app.core.errors import Invalid, Problem
from media.engines.base import StreamOffline

_RETRY_AFTER_S = {409: "1", 503: "5"}


def answer_problems(app: FastAPI) -> None:
    """Problem+json for every error, and open to browsers of other origins."""
    app.add_exception_handler(Problem, _problem)
    app.add_exception_handler(HTTPException, _http_error)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(Exception, _unexpected)
    app.add_middleware(
        CORSMiddleware,
        allow_origins=["*"],
        allow_methods=["GET", "HEAD", "POST", "PATCH", "DELETE", "OPTIONS"],
        allow_headers=["Authorization", "Content-Type", "If-Match", "Range"],
        expose_headers=["Location", "ETag", "Link", "Accept-Patch", "Retry-After", "Content-Range"],
        max_age=600,
    )


def _answer(problem: Problem) -> JSONResponse:
    headers = {}
    if problem.status == 401:
        headers["WWW-Authenticate"] = "Bearer"
    if isinstance(problem, StreamOffline) or problem.status in _RETRY_AFTER_S:
        headers["Retry-After"] = _RETRY_AFTER_S[problem.status]
    return JSONResponse(problem.document(), problem.status, headers, media_type="application/problem+json")


async def _problem(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, Problem)
    return _answer(error)


async def _http_error(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    body = {
        "type": "about:blank",
        "title": str(error.detail),
        "status": error.status_code,
        "code": "method_not_allowed" if error.status_code == 405 else "http_error",
    }
    headers = dict(error.headers or {})
    return JSONResponse(body, error.status_code, headers, media_type="application/problem+json")


async def _invalid(_: Request, error: Exception) -> JSONResponse:
    return _answer(Invalid())


async def _unexpected(_: Request, error: Exception) -> JSONResponse:
    return _answer(Problem())
