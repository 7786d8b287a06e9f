"""Forms that people send from a page of ours, and from nowhere else.

Origin, Sec-Fetch-Site   the browser's word that the form stood on a page of this address; without an Origin nothing is taken
token                    stands in the form and belongs to the browser's cookie; both come with the page
body                     a plain form, small, UTF-8
"""

from __future__ import annotations

import hmac
import secrets
from urllib.parse import parse_qsl

from aiohttp import web

MOST_BYTES = 16_384
MOST_FIELDS = 20
COOKIE = "quietline_form"
_FORM = "application/x-www-form-urlencoded"
_USUAL_PORTS = {"http": ":80", "https": ":443"}


class BadForm(Exception):
    """What was sent is no form of ours; `why` names the sentence, `status` is HTTP's."""

    def __init__(self, why: str, status: int) -> None:
        super().__init__(why)
        self.why, self.status = why, status


class Tokens:
    """Tokens of the forms, good while this engine runs, each for one browser's cookie."""

    def __init__(self) -> None:
        self._key = secrets.token_bytes(32)

    def of(self, cookie: str) -> str:
        """The token that belongs to a cookie."""
        return hmac.digest(self._key, cookie.encode(errors="replace"), "sha256").hex()

    def fits(self, request: web.Request, token: str) -> bool:
        """Does a form's token belong to the cookie of the browser that sent it?"""
        cookie = request.cookies.get(COOKIE, "")
        return bool(cookie) and hmac.compare_digest(self.of(cookie).encode(), token.encode())


async def read_form(request: web.Request) -> dict[str, str]:
    """The fields of a form that came from a page of ours; of one that is there twice, the last. Raises BadForm."""
    if not same_origin(request):
        raise BadForm("foreign", 403)
    if request.content_type != _FORM or "Content-Encoding" in request.headers:
        raise BadForm("type", 415)
    try:
        body = await request.read()
        return dict(
            parse_qsl(
                body.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=MOST_FIELDS
            )
        )
    except web.HTTPRequestEntityTooLarge:
        raise BadForm("long", 413) from None
    except ValueError:
        raise BadForm("unreadable", 400) from None


def foreign(request: web.Request) -> bool:
    """Does a browser say that a page of another address asks this? Programs that are no browser say nothing, and are not."""
    site = request.headers.get("Sec-Fetch-Site", "none")
    if "Origin" in request.headers:
        return not same_origin(request)
    return site not in ("none", "same-origin")


def same_origin(request: web.Request) -> bool:
    """Does the browser say that this was sent from a page of the address it was sent to?

    Only the address is compared, for a proxy may speak TLS where we do not.
    """
    said = request.headers.getall("Origin", [])
    if len(said) != 1 or request.headers.get("Sec-Fetch-Site", "same-origin") != "same-origin":
        return False
    scheme, _, address = said[0].lower().partition("://")
    host = request.headers.get("Host", "").lower()
    return bool(address) and scheme in _USUAL_PORTS and host in (address, address + _USUAL_PORTS[scheme])
