"""Every error answer is problem+json (RFC 9457) with a stable code; no stack trace reaches a client."""

from typing import Any

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from app.core.errors import Problem

log = structlog.get_logger()

MEDIA_TYPE = "application/problem+json"


def install(app: FastAPI) -> None:
    """Answers problems, validation errors, HTTP errors and bugs alike."""
    app.add_exception_handler(Problem, _problem)
    app.add_exception_handler(RequestValidationError, _validation)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(Exception, _bug)


async def _problem(_request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, Problem)
    headers = {}
    if "retry_after_s" in error.extra:
        headers["Retry-After"] = str(max(1, round(error.extra["retry_after_s"])))
    return _answer(error.status, error.document(), headers)


async def _validation(_request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)
    wrong = [
        {"at": "/".join(str(part) for part in item["loc"]), "message": item["msg"], "kind": item["type"]}
        for item in error.errors()
    ]
    body = {
        "type": "urn:shopcast:problem:invalid",
        "title": "The request does not make sense",
        "status": 422,
        "code": "invalid",
        "errors": wrong,
    }
    return _answer(422, body)


async def _http(_request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    codes = {404: "not_found", 405: "method_not_allowed", 413: "too_large"}
    code = codes.get(error.status_code, "http_error")
    body = {
        "type": f"urn:shopcast:problem:{code}",
        "title": str(error.detail),
        "status": error.status_code,
        "code": code,
    }
    return _answer(error.status_code, body, dict(error.headers or {}))


async def _bug(request: Request, error: Exception) -> JSONResponse:
    log.error("unhandled error", path=request.url.path, exc_info=error)
    return _answer(Problem.status, Problem().document())


def _answer(status: int, body: dict[str, Any], headers: dict[str, str] | None = None) -> JSONResponse:
    return JSONResponse(body, status, headers, media_type=MEDIA_TYPE)
