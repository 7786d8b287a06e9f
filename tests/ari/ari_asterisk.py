"""A real Asterisk of the ARI tests' own: without SIP, on a free port, in a folder of its own.

Its callers are Local channels: one half is in our application, the other half waits in the dialplan.
"""

from __future__ import annotations

import socket
import subprocess
import time
import urllib.request
import wave
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from engine.pbx.root import Root, ensure_root

USER, PASSWORD = "quietline", "only-for-this-folder-on-loopback"

MODULES = [
    "res_sorcery_config",
    "res_sorcery_memory",
    "app_echo",
    "app_playback",
    "app_stasis",
    "pbx_config",
    "func_channel",
    "res_timing_timerfd",
    "format_wav",
    "format_pcm",
    "format_sln",
    "codec_ulaw",
    "codec_resample",
    "res_musiconhold",
    "bridge_simple",
    "bridge_holding",
    "bridge_softmix",
    "chan_bridge_media",
    "res_http_websocket",
    "res_websocket_client",
    "res_stasis",
    "res_stasis_answer",
    "res_stasis_playback",
    "res_stasis_recording",
    "res_stasis_snoop",
    "res_stasis_device_state",
    "res_ari",
    "res_ari_model",
    "res_ari_applications",
    "res_ari_asterisk",
    "res_ari_bridges",
    "res_ari_channels",
    "res_ari_endpoints",
    "res_ari_events",
    "res_ari_playbacks",
    "res_ari_recordings",
]

DIALPLAN = """
[callers]
exten => echo,1,Answer()
 same => n,Echo()
exten => talks,1,Answer()
 same => n,Playback(long)
"""


@dataclass(frozen=True)
class PrivateAsterisk:
    """A running Asterisk; its sounds are long (20 s), five (5 s) and short (0.2 s)."""

    url: str
    folder: Path
    process: subprocess.Popen[bytes]


@contextmanager
def private_asterisk(folder: Path) -> Iterator[PrivateAsterisk]:
    """Start an Asterisk in `folder` and stop it again."""
    root = ensure_root(print)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    _write(folder, root, port)
    command = root.command("asterisk", "-C", str(folder / "etc/asterisk.conf"), "-f")
    with (folder / "console").open("wb") as console:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=console, stderr=console)
        try:
            _wait(port, process, folder)
            yield PrivateAsterisk(f"http://127.0.0.1:{port}/ari", folder, process)
        finally:
            process.kill()
            process.wait()


def _write(folder: Path, root: Root, port: int) -> None:
    etc, sounds = folder / "etc", folder / "data/sounds/en"
    for made in (
        etc,
        sounds,
        *(folder / name for name in ("lib", "spool/recording", "run", "log", "db", "keys", "moh")),
    ):
        made.mkdir(parents=True, exist_ok=True)
    for shared in ("documentation", "rest-api"):
        (folder / "data" / shared).symlink_to(root.data / shared)
    for name, seconds in (("long", 20.0), ("five", 5.0), ("short", 0.2)):
        _silence(sounds / f"{name}.wav", seconds)
    _silence(folder / "moh/music.wav", 5)
    places = {"etc": etc, "mod": root.modules, "data": folder / "data", "varlib": folder / "lib"}
    places |= {"spool": folder / "spool", "run": folder / "run", "log": folder / "log", "db": folder / "db"}
    places |= {"key": folder / "keys", "cache": folder / "lib", "agi": folder / "lib"}
    directories = "\n".join(f"ast{name}dir => {place}" for name, place in places.items())
    texts = {
        "asterisk": f"[directories]\n{directories}\n[options]\nlive_dangerously=no\n",
        "modules": "[modules]\nautoload=no\n" + "\n".join(f"load => {name}.so" for name in MODULES),
        "extensions": DIALPLAN,
        "http": f"[general]\nenabled=yes\nbindaddr=127.0.0.1\nbindport={port}\nsessionlimit=100\n",
        "ari": "[general]\nenabled=yes\nwebsocket_write_timeout=2000\n"
        f"[{USER}]\ntype=user\nread_only=no\npassword={PASSWORD}\n",
        "musiconhold": f"[default]\nmode=files\ndirectory={folder / 'moh'}\n",
        "logger": "[general]\n[logfiles]\nmessages => notice,warning,error\n",
        "cdr": "[general]\nenable=no\n",
        "cel": "[general]\nenable=no\n",
    }
    for name, text in texts.items():
        (etc / f"{name}.conf").write_text(text)


def _silence(path: Path, seconds: float) -> None:
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(8000)
        file.writeframes(bytes(int(seconds * 8000) * 2))


def _wait(port: int, process: subprocess.Popen[bytes], folder: Path) -> None:
    """Wait until ARI answers: its port is open before its modules are loaded."""
    token = b64encode(f"{USER}:{PASSWORD}".encode()).decode()
    ping = urllib.request.Request(
        f"http://127.0.0.1:{port}/ari/asterisk/ping", headers={"Authorization": f"Basic {token}"}
    )
    end = time.monotonic() + 30
    while time.monotonic() < end:
        if process.poll() is not None:
            raise RuntimeError(f"Asterisk ended: {(folder / 'console').read_text()[-2000:]}")
        with suppress(OSError), urllib.request.urlopen(ping, timeout=2) as answer:
            if answer.status == 200:
                return
        time.sleep(0.05)
    raise RuntimeError("Asterisk is not ready within 30 s")
