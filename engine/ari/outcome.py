"""What an answer of Asterisk's means: the one place where status codes become results or errors.

Codes alone do not tell: a channel that is gone is 404, but 400 when a bridge should take it; one that has left the
application is 409, but 422 from a bridge; and 409 is also an id used twice. So the message counts as well.

    what Asterisk answers                                             what it becomes
    2xx                                                               the body
    404, 409, 412; 400 and 422 that say "not found" or "not in"       Gone: it ended, as calls do
    ... that say "already exists"                                     AlreadyThere: made before, or a name used twice
    ... that say "currently recording"                                EngineError: we used a name twice
    "Resource not found", other 400 and 422, 401, 403, 500            EngineError: we asked wrongly
    503                                                               PbxUnreachable
"""

from __future__ import annotations

from typing import Any, Final

from engine.ari.transport import Response
from engine.errors import AlreadyThere, EngineError, Gone, PbxUnreachable

#: What a message says when the fault is ours although the code is one of those that come with a hang-up.
OURS: Final = ("currently recording", "resource not found")
#: What a message says when a thing is gone although the code is one of those that come with a bad request.
ENDED: Final = ("not found", "not in")


def outcome(answer: Response, asked: str) -> Any:
    """The answer's body; raises Gone, PbxUnreachable or EngineError, which name what was `asked`."""
    if answer.status < 400:
        return answer.body
    why = message(answer)
    words = why.lower()
    text = f"{asked}: {why} ({answer.status})"
    if "already exists" in words:
        raise AlreadyThere(f"Asterisk refuses {text}.")
    if any(word in words for word in OURS):
        raise EngineError(f"Asterisk refuses {text}.")
    match answer.status:
        case 404 | 409 | 412:
            raise Gone(text)
        case 400 | 422 if any(word in words for word in ENDED):
            raise Gone(text)
        case 503:
            raise PbxUnreachable(text)
    raise EngineError(f"Asterisk refuses {text}.")


def message(answer: Response) -> str:
    """Why Asterisk refused, in its own words."""
    body = answer.body
    if isinstance(body, dict):
        return str(body.get("message") or body.get("error") or body)
    return str(body or "no reason given")
