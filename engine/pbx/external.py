"""An Asterisk that somebody else runs: is it there, and which one is it?"""

from __future__ import annotations

import base64
import json
import urllib.error
import urllib.request
from collections.abc import Mapping

from engine.errors import SetupError
from engine.pbx.root import refuse_old, version_of

PATIENCE = 5.0


def external_version(access: Mapping[str, str]) -> tuple[int, ...]:
    """The version of the Asterisk at `url`, with `username` and `password`. Raises SetupError when it cannot be used."""
    url = access.get("url", "").rstrip("/")
    told = ask(url, access.get("username", ""), access.get("password", ""))
    version = version_of(str(told.get("system", {}).get("version", "")))
    refuse_old(version, url)
    return version


def ask(url: str, username: str, password: str) -> dict[str, dict[str, str]]:
    """ARI's description of its Asterisk."""
    token = base64.b64encode(f"{username}:{password}".encode()).decode()
    request = urllib.request.Request(f"{url}/ari/asterisk/info", headers={"Authorization": f"Basic {token}"})
    try:
        with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
            told = json.load(answer)
    except urllib.error.HTTPError as error:
        why = "refuses this user name and password" if error.code in (401, 403) else f"answers {error.code}"
        raise SetupError(
            f"the external Asterisk at {url} {why}: compare `external` in site.yaml with its ari.conf"
        ) from error
    except (OSError, ValueError) as error:
        raise SetupError(
            f"no external Asterisk answers at {url} ({getattr(error, 'reason', error)}): start it, or correct `external` in site.yaml"
        ) from error
    return told if isinstance(told, dict) else {}
