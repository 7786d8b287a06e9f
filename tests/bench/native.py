"""The yardstick: a private Asterisk that does the same work with nothing but its own dialplan and app_queue.

The same binary as the engine's, ulaw only, prompts of the same format, no CDR, no CEL, no logging of calls.
"""

from __future__ import annotations

import shutil
import signal
import subprocess
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from engine.errors import SetupError
from engine.load.sipp import cpu_seconds
from engine.pbx.process import raise_open_files
from engine.pbx.root import Root

MODULES = """
res_sorcery_config res_sorcery_memory res_sorcery_astdb res_pjproject res_pjsip res_pjsip_session res_pjsip_pubsub
res_pjsip_sdp_rtp res_pjsip_caller_id res_pjsip_endpoint_identifier_ip res_pjsip_endpoint_identifier_user chan_pjsip
res_rtp_asterisk res_timing_timerfd codec_ulaw format_wav format_pcm format_sln bridge_simple bridge_native_rtp bridge_softmix
bridge_holding pbx_config app_dial app_playback app_read app_verbose app_queue app_record res_musiconhold func_callerid
func_logic func_channel func_timeout
"""
FOLDERS = ("etc", "lib", "db", "keys", "cache", "data", "spool", "run", "log")
QUIET = "[general]\n"


@dataclass(frozen=True, slots=True)
class Native:
    """What the yardstick does: its dialplan (context `in`), agents at fixed contacts, and queues.conf.

    `rtp` is the first of 2,000 ports for voice; `qualify` seconds between two questions to an agent's phone (0: none);
    `numbers` a folder of spoken numbers; `log` what goes to the file `messages` (nothing by default).
    """

    port: int
    rtp: int
    extensions: str
    agents: Mapping[str, str] = field(default_factory=dict)
    queues: str = QUIET
    qualify: int = 0
    numbers: Path | None = None
    log: str = ""


def pjsip(spec: Native) -> str:
    """pjsip.conf: callers from 127.0.0.1, and one endpoint for each agent's phone."""
    parts = [
        "[global]\ntype=global\ntaskprocessor_overload_trigger=pjsip_only\n",
        f"[udp]\ntype=transport\nprotocol=udp\nbind=127.0.0.1:{spec.port}\n",
        endpoint("caller", "in"),
        "[caller]\ntype=identify\nendpoint=caller\nmatch=127.0.0.1\n",
    ]
    for name, contact in spec.agents.items():
        aor = f"[{name}]\ntype=aor\ncontact={contact}\nqualify_frequency={spec.qualify}\n"
        parts += [endpoint(name, "none", f"aors={name}\n"), aor]
    return "\n".join(parts)


def endpoint(name: str, context: str, extra: str = "") -> str:
    """One pjsip endpoint, ulaw only, all voice through Asterisk."""
    fixed = "disallow=all\nallow=ulaw\ndirect_media=no\nice_support=no\n"
    return f"[{name}]\ntype=endpoint\ncontext={context}\n{fixed}{extra}"


class NativeAsterisk:
    """One yardstick from start to stop; use as `with NativeAsterisk(root, folder, spec) as native`."""

    def __init__(self, root: Root, folder: Path, spec: Native) -> None:
        """`folder` takes configuration, run files and logs; nothing is started yet."""
        self.root, self.folder, self.spec = root, folder, spec
        self.process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> NativeAsterisk:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def write(self) -> None:
        """Write every configuration file."""
        for name in FOLDERS:
            (self.folder / name).mkdir(parents=True, exist_ok=True)
        loads = "".join(f"load = {module}.so\n" for module in MODULES.split())
        rtp = self.spec.rtp
        files = {
            "asterisk": self.directories(),
            "modules": f"[modules]\nautoload=no\n{loads}",
            "pjsip": pjsip(self.spec),
            "extensions": self.spec.extensions,
            "queues": self.spec.queues,
            "rtp": f"[general]\nrtpstart={rtp}\nrtpend={rtp + 1999}\nicesupport=no\n",
            "logger": f"[general]\n[logfiles]\nmessages => {self.spec.log or 'error'}\n",
            "musiconhold": f"[default]\nmode=files\ndirectory={self.root.moh}\nsort=randstart\n",
            "cdr": "[general]\nenable=no\n",
            "cel": "[general]\nenable=no\n",
        }
        for name, text in files.items():
            (self.folder / "etc" / f"{name}.conf").write_text(text)
        if self.spec.numbers is not None:
            self.give_numbers(self.spec.numbers)

    def give_numbers(self, numbers: Path) -> None:
        """Let it say numbers with these recordings: its data is the installed one with other sounds."""
        data = self.folder / "data"
        for thing in self.root.data.iterdir():
            if thing.name != "sounds" and not (data / thing.name).exists():
                (data / thing.name).symlink_to(thing)
        shutil.copytree(numbers, data / "sounds/en/digits", dirs_exist_ok=True)

    def directories(self) -> str:
        """asterisk.conf: everything this process writes lies in its own folder."""
        at = self.folder.absolute()
        places = {
            "astetcdir": at / "etc",
            "astmoddir": self.root.modules,
            "astvarlibdir": at / "lib",
            "astdbdir": at / "db",
            "astkeydir": at / "keys",
            "astcachedir": at / "cache",
            "astdatadir": self.root.data if self.spec.numbers is None else at / "data",
            "astspooldir": at / "spool",
            "astrundir": at / "run",
            "astlogdir": at / "log",
        }
        lines = "".join(f"{name} => {place}\n" for name, place in places.items())
        return f"[directories]\n{lines}\n[options]\nnocolor=yes\n{'verbose=3' if self.spec.log else ''}\n"

    def command(self, *arguments: str) -> list[str]:
        """The command line of this Asterisk."""
        return self.root.command(
            "asterisk", "-C", str(self.folder.absolute() / "etc/asterisk.conf"), *arguments
        )

    def start(self) -> None:
        """Start and wait until it is fully booted. Raises SetupError when that takes more than 30 seconds."""
        self.write()
        raise_open_files()
        with (self.folder / "out").open("wb") as out:
            self.process = subprocess.Popen(
                self.command("-f"), stdin=subprocess.DEVNULL, stdout=out, stderr=out, start_new_session=True
            )
        for _ in range(150):
            if self.process.poll() is None and "has fully booted" in self.ask("core waitfullybooted"):
                return
            time.sleep(0.2)
        self.stop()
        raise SetupError(
            f"the native Asterisk did not start; see {self.folder}/out and {self.folder}/log/messages"
        )

    def ask(self, line: str) -> str:
        """What Asterisk's console answers to one command."""
        done = subprocess.run(
            self.command("-rx", line), capture_output=True, text=True, timeout=20, check=False
        )
        return done.stdout

    @property
    def pid(self) -> int:
        """The process's id, while it runs."""
        assert self.process is not None
        return self.process.pid

    def cpu(self) -> float:
        """CPU seconds used so far."""
        return cpu_seconds(self.pid)

    def stop(self) -> None:
        """End the process by its id."""
        if self.process is None:
            return
        for sign, patience in ((signal.SIGTERM, 8), (signal.SIGKILL, 5)):
            if self.process.poll() is not None:
                break
            self.process.send_signal(sign)
            try:
                self.process.wait(patience)
            except subprocess.TimeoutExpired:
                continue
