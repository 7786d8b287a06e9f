"""Asterisk and SIPp from Debian's packages, unpacked into a folder: no root, no container, nothing installed.

Debian *forky* carries Asterisk 22.10 and SIPp 3.8; older Debian and Ubuntu carry none, or too old ones. apt is asked to
resolve and download forky's packages with lists, status and cache of its own in a work folder (an ordinary user may do that),
dpkg-deb unpacks each of them, no package script runs. Signatures are checked against Debian's archive keys. The folder is filled
under a temporary name and renamed when whole, so a broken attempt leaves nothing that looks finished.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from engine.cache import Progress
from engine.errors import SetupError

SUITE = "forky"
PACKAGES = ("asterisk", "asterisk-core-sounds-en-wav", "asterisk-moh-opsound-wav", "sip-tester")
KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
MIRROR = "http://deb.debian.org/debian"
ATTEMPTS = 4
BY_HAND = "or install asterisk >= 22.10.1 and sipp >= 3.7 yourself"


def multiarch(lib: Path) -> Path | None:
    """Debian's folder of libraries for this kind of processor (usr/lib/x86_64-linux-gnu)."""
    kind = os.uname().machine
    return next((path for path in sorted(lib.glob(f"{kind}-linux-gnu*")) if path.is_dir()), None)


def unpack_debian(target: Path, progress: Progress) -> None:
    """Make `target` (340 MB) from about 120 MB of packages. Raises SetupError with what went wrong at the last attempt."""
    if not (shutil.which("apt-get") and shutil.which("dpkg-deb")):
        raise SetupError(
            f"Asterisk can be fetched only where apt-get is (Debian, Ubuntu): use such a machine, {BY_HAND}"
        )
    target.parent.mkdir(parents=True, exist_ok=True)
    for leftover in target.parent.glob(f"{target.name}.partial-*"):
        shutil.rmtree(leftover, ignore_errors=True)
    for attempt in range(1, ATTEMPTS + 1):
        with tempfile.TemporaryDirectory(prefix=f"{target.name}.partial-", dir=target.parent) as work:
            try:
                fill(Path(work), progress)
                (Path(work) / "root").rename(target)
            except subprocess.CalledProcessError as error:
                why = complaint(error)
            else:
                return
        progress(f"attempt {attempt} of {ATTEMPTS} failed: {why}")
        time.sleep(5.0 * attempt if attempt < ATTEMPTS else 0.0)
    raise SetupError(
        f"Asterisk cannot be fetched from Debian {SUITE} ({why}): check the network and run this again, {BY_HAND}"
    )


def fill(work: Path, progress: Progress) -> None:
    """Download into `work` and unpack into `work/root`. Raises CalledProcessError when a step fails."""
    for folder in ("state/lists/partial", "cache/archives/partial", "root", "keys"):
        (work / folder).mkdir(parents=True)
    (work / "status").touch()
    apt = apt_command(work, keyring(work, progress))
    progress(f"reading Debian {SUITE}'s list of packages")
    run([*apt, "update", "--error-on=any"], progress)
    progress("downloading Asterisk 22, SIPp and what they need (about 120 MB)")
    run([*apt, "install", "--yes", "--download-only", *PACKAGES], progress)
    archives = sorted((work / "cache/archives").glob("*.deb"))
    progress(f"unpacking {len(archives)} packages (about 340 MB)")
    with ThreadPoolExecutor(max_workers=os.cpu_count()) as pool:
        list(
            pool.map(
                lambda archive: run(["dpkg-deb", "-x", str(archive), str(work / "root")], progress), archives
            )
        )


def apt_command(work: Path, keys: Path) -> list[str]:
    """apt-get with everything it knows and writes in `work`. `Check-Valid-Until` is off because mirrors lag behind."""
    (work / "sources.list").write_text(f"deb [signed-by={keys}] {mirror()} {SUITE} main\n")
    options = {
        "Dir::State": work / "state",
        "Dir::State::status": work / "status",
        "Dir::Cache": work / "cache",
        "Dir::Etc::sourcelist": work / "sources.list",
        "Dir::Etc::sourceparts": "/dev/null",
        "Dir::Etc::preferences": "/dev/null",
        "Dir::Etc::preferencesparts": "/dev/null",
        "APT::Install-Recommends": "false",
        "APT::Sandbox::User": "",
        "Acquire::Check-Valid-Until": "false",
        "Acquire::Languages": "none",
        "Acquire::Retries": "3",
    }
    # Pictures and contents files that a desktop's apt would fetch too.
    options |= {
        f"Acquire::IndexTargets::deb::{kind}::DefaultEnabled": "false" for kind in ("DEP-11", "Contents-deb")
    }
    return ["apt-get", "-q", *(word for key, value in options.items() for word in ("-o", f"{key}={value}"))]


def mirror() -> str:
    """The mirror this machine already uses for Debian; Debian's own elsewhere (Ubuntu)."""
    listing = "$(ORIGIN)|$(COMPONENT)|$(CREATED_BY)|$(REPO_URI)"
    done = subprocess.run(
        ["apt-get", "indextargets", "--format", listing],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    known = re.search(r"^Debian\|main\|Packages\|(?!.*security)(\S+)$", done.stdout, re.MULTILINE)
    return known.group(1) if known else MIRROR


def keyring(work: Path, progress: Progress) -> Path:
    """Debian's archive keys: this machine's, or those of Ubuntu's package of them, which Ubuntu's keys vouch for."""
    if KEYRING.exists():
        return KEYRING
    progress("fetching Debian's archive keys (package debian-archive-keyring)")
    try:
        run(["apt-get", "-q", "download", "debian-archive-keyring"], progress, work / "keys")
    except subprocess.CalledProcessError as error:
        raise SetupError(
            "Debian's archive keys are missing: run `sudo apt-get update && sudo apt-get install -y debian-archive-keyring`"
        ) from error
    for archive in (work / "keys").glob("*.deb"):
        run(["dpkg-deb", "-x", str(archive), str(work / "keys")], progress)
    return work / "keys" / KEYRING.relative_to("/")


def run(command: list[str], progress: Progress, folder: Path | None = None) -> None:
    """Run a step; reports every 10 s that it is still at work. Raises CalledProcessError with all it printed."""
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive", "LC_ALL": "C.UTF-8"}
    started = time.monotonic()
    with subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        env=environment,
        cwd=folder,
    ) as process:
        while True:
            try:
                output, _ = process.communicate(timeout=10)
                break
            except subprocess.TimeoutExpired:
                progress(f"… still at it after {time.monotonic() - started:.0f} s")
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, command, output)


def complaint(error: subprocess.CalledProcessError) -> str:
    """The line of a step's output that names the trouble."""
    lines = [line.strip() for line in str(error.output or "").splitlines() if line.strip()]
    named = [line for line in lines if line.startswith(("E:", "Err:", "dpkg-deb: error"))]
    return (named or lines or [f"{error.cmd[0]} ended with status {error.returncode}"])[0].rstrip(".")
