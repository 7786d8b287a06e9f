"""Requests and answers as frames of a websocket.

A request is {"type": "RESTRequest", "request_id", "method", "uri" (no leading slash), "query_strings"} with an optional
body as text; its answer carries the same `request_id`, a `status_code`, and its own body as text. Asterisk closes the
socket on a frame above 65,535 bytes, so such a request never leaves.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import orjson

from engine.ari.transport import Response
from engine.errors import EngineError

LARGEST_FRAME: Final = 65_535


def encode(
    number: str,
    method: str,
    path: str,
    query: Mapping[str, str] | None = None,
    body: Mapping[str, Any] | None = None,
) -> bytes:
    """One request as a frame's text; raises EngineError when Asterisk could not take it."""
    request: dict[str, Any] = {
        "type": "RESTRequest",
        "transaction_id": number,
        "request_id": number,
        "method": method,
        "uri": path.lstrip("/"),
    }
    if query:
        request["query_strings"] = [{"name": name, "value": value} for name, value in query.items()]
    try:
        if body is not None:
            request["content_type"] = "application/json"
            request["message_body"] = orjson.dumps(body).decode()
        frame = orjson.dumps(request)
    except TypeError as error:
        raise EngineError(f"{method} {path} holds something JSON has no form for: {error}.") from error
    if len(frame) > LARGEST_FRAME:
        raise EngineError(
            f"{method} {path} makes a frame of {len(frame)} bytes; Asterisk takes {LARGEST_FRAME} at most."
        )
    return frame


def decode(frame: bytes) -> dict[str, Any] | None:
    """The JSON object in a frame, or None where there is none."""
    try:
        found = orjson.loads(frame)
    except orjson.JSONDecodeError:
        return None
    return found if isinstance(found, dict) else None


def response(answer: Mapping[str, Any]) -> Response:
    """What a RESTResponse says; a body that is not JSON stays text."""
    status, text = answer.get("status_code", 0), answer.get("message_body")
    if not text:
        return Response(status)
    try:
        return Response(status, orjson.loads(text))
    except (orjson.JSONDecodeError, TypeError):
        return Response(status, text)
