"""Where Asterisk and SIPp come from: a folder of programs that run in place, without root and without Docker.

The first of these that fits is taken:

    1. QUIETLINE_ASTERISK_ROOT    a folder made by the recipe below; "/" for what is installed, SIPp not needed; or a file that
                                  describes an Asterisk in a container beside this one (docker/)
    2. what is installed          asterisk and sipp on PATH, both new enough
    3. the cache                  ${XDG_CACHE_HOME:-~/.cache}/quietline/asterisk, made once from Debian's packages

The cache holds Debian packages of a newer release, unpacked but not installed (`engine.pbx.unpack`): every program is started
through that folder's own dynamic loader with its own libraries, so nothing of this machine is touched.
A lock file lets two set-ups wait for each other.

Asterisk below 22.10.1 is refused: two holes in ARI are open there (GHSA-wcvv-g26m-wx5c, GHSA-vrfp-mg3q-3959).
QUIETLINE_ALLOW_OLD_ASTERISK=1 overrides that.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from engine.cache import Progress, kept, locked
from engine.errors import SetupError
from engine.pbx.unpack import multiarch, unpack_debian

OLDEST_ASTERISK = (22, 10, 1)
OLDEST_SIPP = (3, 7)
ADVISORIES = "GHSA-wcvv-g26m-wx5c, GHSA-vrfp-mg3q-3959"


@dataclass(frozen=True, slots=True)
class Root:
    """One place with Asterisk and SIPp. `prefix` is "/" for installed programs, which need no loader of ours."""

    prefix: Path
    version: tuple[int, ...]
    modules: Path
    data: Path

    def command(self, program: str, *arguments: str) -> list[str]:
        """The command line that runs `asterisk` or `sipp` of this root."""
        if self.prefix == Path("/"):
            return [shutil.which(program) or program, *arguments]
        folder = "sbin" if program == "asterisk" else "bin"
        return [*loader(self.prefix), str(self.prefix / "usr" / folder / program), *arguments]

    @property
    def sounds(self) -> Path:
        """Asterisk's own sounds, one folder a language."""
        return self.data / "sounds"

    @property
    def moh(self) -> Path:
        """Music on hold, WAV files."""
        return self.data / "moh"

    @property
    def swagger(self) -> Path:
        """ARI's own description: resources.json and one file a resource."""
        return self.data / "rest-api"

    @property
    def captures(self) -> Path:
        """SIPp's sample captures (g711a.pcap, dtmf_2833_1.pcap, …)."""
        return self.prefix / "usr/share/sip-tester"


def loader(prefix: Path) -> list[str]:
    """The words before a program of an unpacked root: its dynamic loader and where its libraries lie."""
    libraries = multiarch(prefix / "usr/lib")
    loaders = sorted([*prefix.glob("usr/lib64/ld-linux-*.so.*"), *prefix.glob("usr/lib/ld-linux-*.so.*")])
    if libraries is None or not loaders:
        raise SetupError(f"{prefix} holds no Debian programs: remove that folder and run the set-up again")
    return [str(loaders[0]), "--library-path", str(libraries)]


def version_of(text: str) -> tuple[int, ...]:
    """The first dotted number in what a program prints about itself; () when there is none."""
    found = re.search(r"\d+(?:\.\d+)+", text)
    return tuple(int(part) for part in found.group().split(".")) if found else ()


def dotted(version: tuple[int, ...]) -> str:
    """A version as people write it."""
    return ".".join(map(str, version)) or "unknown"


def printed_by(command: list[str]) -> str:
    """What a short command prints on both streams; empty when it cannot be run."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout + done.stderr


def old_allowed() -> bool:
    """Has somebody taken the risk of an old Asterisk on themselves?"""
    return os.environ.get("QUIETLINE_ALLOW_OLD_ASTERISK") == "1"


def refuse_old(version: tuple[int, ...], where: str) -> None:
    """Raise SetupError for an Asterisk below 22.10.1, unless it is explicitly allowed."""
    if version < OLDEST_ASTERISK and not old_allowed():
        raise SetupError(
            f"Asterisk {dotted(version)} in {where} is older than {dotted(OLDEST_ASTERISK)}, and its ARI has known holes "
            f"({ADVISORIES}): install a newer one, or set QUIETLINE_ALLOW_OLD_ASTERISK=1 to use it all the same"
        )


def unpacked(prefix: Path) -> Root:
    """The root in a folder made by the recipe. Raises SetupError when it is not whole or too old."""
    libraries = multiarch(prefix / "usr/lib")
    modules = libraries / "asterisk/modules" if libraries else None
    if modules is None or not modules.is_dir():
        raise SetupError(
            f"{prefix} holds no Asterisk: name a folder made by `python -m engine.pbx.root`, or unset it"
        )
    draft = Root(prefix, (), modules, prefix / "usr/share/asterisk")
    version = version_of(printed_by(draft.command("asterisk", "-V")))
    refuse_old(version, str(prefix))
    return Root(prefix, version, modules, draft.data)


def installed() -> Root | None:
    """Asterisk and SIPp on PATH, if both are there; None otherwise. Asterisk too old counts as not there unless allowed."""
    if not shutil.which("sipp") or version_of(printed_by(["sipp", "-v"])) < OLDEST_SIPP:
        return None
    root = installed_asterisk()
    return root if root and (root.version >= OLDEST_ASTERISK or old_allowed()) else None


def installed_asterisk() -> Root | None:
    """Asterisk on PATH, of any version."""
    modules = installed_modules() if shutil.which("asterisk") else None
    version = version_of(printed_by(["asterisk", "-V"]))
    return Root(Path("/"), version, modules, installed_data()) if modules else None


def installed_modules() -> Path | None:
    """Where the installed Asterisk keeps its modules: Debian's place, or the one of its own `make install`."""
    debian = multiarch(Path("/usr/lib"))
    places = [*([debian] if debian else []), Path("/usr/lib64"), Path("/usr/lib")]
    modules = (place / "asterisk/modules" for place in places)
    return next((place for place in modules if (place / "res_ari.so").exists()), None)


def installed_data() -> Path:
    """Where the installed Asterisk keeps sounds, music and ARI's description."""
    debian = Path("/usr/share/asterisk")
    return debian if (debian / "rest-api").is_dir() else Path("/var/lib/asterisk")


def cache_folder() -> Path:
    """Where the unpacked root lives between runs."""
    return kept("asterisk")


def ensure_root(progress: Progress) -> Root:
    """Find a usable Asterisk and SIPp, or make them. Raises SetupError with one sentence when neither works."""
    cache = cache_folder()
    if chosen_root() is None and not cache.is_dir():
        busy = "another set-up is fetching Asterisk; waiting for it"
        with locked(cache.with_name("asterisk.lock"), progress, busy):
            if not cache.is_dir():
                unpack_debian(cache, progress)
    return find_root()


def find_root() -> Root:
    """Find a usable Asterisk and SIPp without making them. Raises SetupError when there is none."""
    if root := chosen_root():
        return root
    if not cache_folder().is_dir():
        raise SetupError("there is no Asterisk on this machine yet: `quietline up` fetches it")
    return unpacked(cache_folder())


def chosen_root() -> Root | None:
    """The root the environment names, or the installed one."""
    if named := os.environ.get("QUIETLINE_ASTERISK_ROOT"):
        return named_root(Path(named))
    return installed()


def named_root(named: Path) -> Root:
    """The root the environment names."""
    if named.suffix == ".json":
        return described_root(named)
    if named != Path("/"):
        return unpacked(named.absolute())
    if root := installed_asterisk():
        refuse_old(root.version, "PATH")
        return root
    raise SetupError("QUIETLINE_ASTERISK_ROOT is / but asterisk is not installed: install it")


def describe_root(root: Root, path: Path) -> None:
    """Write where an Asterisk's things are, for an engine that cannot see them."""
    told = {"version": dotted(root.version), "modules": str(root.modules), "data": str(root.data)}
    path.write_text(json.dumps(told) + "\n")


def described_root(path: Path) -> Root:
    """The installed Asterisk of another container, as `describe_root` wrote it there."""
    try:
        told = json.loads(path.read_text())
        return Root(Path("/"), version_of(told["version"]), Path(told["modules"]), Path(told["data"]))
    except FileNotFoundError:
        raise SetupError(f"there is no {path} yet: start the container with Asterisk first") from None
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise SetupError(
            f"{path} cannot be read ({error}): start the container with Asterisk again"
        ) from error


def main() -> int:
    """Print progress, then the version and the place."""
    try:
        root = ensure_root(lambda line: print(line, file=sys.stderr, flush=True))
    except SetupError as error:
        print(f"quietline: {error}", file=sys.stderr)
        return 1
    print(f"Asterisk {dotted(root.version)} in {root.prefix}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
