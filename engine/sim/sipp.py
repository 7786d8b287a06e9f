"""The same scenario for a real Asterisk: one SIPp file for each caller and for each agent's phone.

A pause of the scenario is a wait for the other side's BYE with a time limit, so that the call may end at any moment. RTP flows all the
time: silence, the caller's voice, or a key, which is one RFC 4733 event sent from the call's own RTP socket (`play_dtmf` would
need a raw socket, and so root). `media` is a folder with `silence.ulaw`, `caller.ulaw`, `agent.ulaw` (µ-law, 8 kHz) and `key-0` … `key-9`,
`key-star`, `key-pound` (one telephone-event each, padded to the 50 bytes SIPp sends of a dynamic payload type).

    for plan in compile_scenario(scenario, media):
        plan.file(folder)     written; run it with `sipp [TARGET] -sf FILE …`
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from engine.sim.scenario import (
    KEY_GAP,
    LONGEST,
    PRESSED,
    AgentPlan,
    CallerPlan,
    Dial,
    Drop,
    HangUp,
    Hold,
    Join,
    Press,
    Refer,
    Say,
    Scenario,
    Stay,
    Talk,
    Then,
    Wait,
    password_of,
)

KEY_NAMES: Final = {"*": "star", "#": "pound"}


@dataclass(frozen=True, slots=True)
class SippFile:
    """One SIPp scenario. A caller's has `number` to dial, `from_number` for `[field0]`, and `at` seconds to wait before it dials.

    A phone's `password` says that it has to register first (register_xml), from the port it then listens at.
    """

    name: str
    xml: str
    agent: str | None = None
    number: str = ""
    from_number: str = ""
    at: float = 0.0
    password: str = ""

    def file(self, folder: Path) -> Path:
        """Write it into a folder, which is made if it is not there."""
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / f"{self.name}.xml"
        path.write_text(self.xml, encoding="utf-8")
        return path


def compile_scenario(scenario: Scenario, media: Path) -> list[SippFile]:
    """Every SIPp file a scenario needs: agents' phones first, since they must listen before anybody calls."""
    calling = {plan.from_number for plan in scenario.calls}
    phones = [
        SippFile(
            f"{scenario.name}-agent-{plan.name}",
            agent_xml(plan, media),
            agent=plan.name,
            password=plan.password if plan.dials or plan.name in calling else "",
        )
        for plan in (*scenario.agents.values(), *scenario.outside.values())
    ]
    callers = [
        SippFile(
            f"{scenario.name}-caller-{index}",
            caller_xml(plan, media),
            number=plan.number,
            from_number=plan.from_number,
            at=plan.at,
        )
        for index, plan in enumerate(scenario.callers)
    ]
    calls = [
        SippFile(
            f"{scenario.name}-call-{index}",
            caller_xml(plan, media, password_of(plan.from_number)),
            number=plan.number,
            from_number=plan.from_number,
            at=plan.at,
        )
        for index, plan in enumerate(scenario.calls)
    ]
    return phones + callers + calls


def caller_xml(plan: CallerPlan, media: Path, password: str = "") -> str:
    """A caller who dials `[service]` as `[field0]`; a phone of the house proves itself with its password."""
    proves = f"[authentication username={plan.from_number} password={password}]" if password else ""
    invite = _proven(plan.from_number, proves) if proves else _dialled(1)
    return _document(
        [invite, *_acts(plan, media), _hang_up_caller(3 if proves else 2), _REFUSED, _HUNG_UP, _DONE]
    )


def agent_xml(plan: AgentPlan, media: Path) -> str:
    """An agent's phone."""
    ring = LONGEST if plan.then is Then.NO_ANSWER else plan.ring
    ringing = [_INVITED, _wait_for("CANCEL", ring, "rung", "cancelled"), _CANCELLED, '  <label id="rung"/>']
    match plan.then:
        case Then.NO_ANSWER:
            return _document([*ringing, '  <nop next="done"/>', _ASKED, _DONE])
        case Then.REJECT:
            return _document([*ringing, _refused("603 Decline"), _ASKED, _DONE])
        case Then.BUSY:
            return _document([*ringing, _refused("486 Busy Here"), _ASKED, _DONE])
    if plan.does:
        over = _BOTH_HUNG_UP if plan.dials else _HUNG_UP
        return _document([*ringing, _PICKED_UP, *_uses(plan, media), _HANG_UP_AGENT, over, _ASKED, _DONE])
    length = LONGEST if plan.talk is None else plan.talk
    voice = _stream(media / "agent.ulaw")
    keys = [*_pause(PRESSED, "press"), *_keys(plan.press, media, "press", voice)] if plan.press else []
    length -= PRESSED + len(plan.press) * KEY_GAP if plan.press else 0.0
    talk = _wait_for("BYE", length, "hang_up", "hung_up")
    return _document([*ringing, _PICKED_UP, voice, *keys, talk, _HANG_UP_AGENT, _HUNG_UP, _ASKED, _DONE])


def _uses(plan: AgentPlan, media: Path) -> Iterator[str]:
    """What somebody does with a phone that has been picked up. Once it has asked for a transfer it is told of it, whenever that is."""
    voice, sequence, told, dialled = _stream(media / "agent.ulaw"), 1, False, ""
    yield voice
    for number, act in enumerate(plan.does, 1):
        label = f"act-{number}"
        match act:
            case Wait(seconds) | Talk(seconds):
                yield from _pause(seconds, label, told)
            case Press(keys):
                yield from _keys(keys, media, label, voice)
            case Hold(on):
                sequence += 1
                yield _reinvite(sequence, "sendonly" if on else "sendrecv")
            case Refer(to):
                sequence += 1
                yield _refer(sequence, f"<sip:{to}@[local_ip]>")
                told = True
            case Dial(to):
                dialled = to
                yield _second(plan, to, label)
            case Join():
                sequence += 1
                yield _refer(sequence, f"<sip:{dialled}@127.0.0.1?Replaces={_SECOND_DIALOG}>")
                told = True
            case Drop():
                yield _message(' retrans="500"', _in_second(plan, dialled, "BYE", 3))
                yield '  <recv response="200"/>'
            case Stay():
                yield from _pause(LONGEST, label, told)
            case HangUp():
                pass  # what follows is the hang-up


def _acts(plan: CallerPlan, media: Path) -> Iterator[str]:
    """What the caller does, after the call is up."""
    silence = _stream(media / "silence.ulaw")
    yield silence
    for number, act in enumerate(plan.does, 1):
        match act:
            case Wait(seconds):
                yield from _pause(seconds, f"act-{number}")
            case Talk(seconds):
                yield _stream(media / "caller.ulaw")
                yield from _pause(seconds, f"act-{number}")
                yield silence
            case Say(words):
                yield _stream(media / f"{words.replace(' ', '-')}.ulaw", 1)
                yield from _pause(act.seconds, f"act-{number}")
                yield silence
            case Press(keys):
                yield from _keys(keys, media, f"act-{number}", silence)
            case Stay():
                yield from _pause(LONGEST, f"act-{number}")
            case HangUp():
                pass  # what follows is the hang-up


def _keys(keys: str, media: Path, label: str, then: str) -> Iterator[str]:
    """Press keys one after the other; between them and afterwards `then` is streamed."""
    for index, key in enumerate(keys):
        yield _key(media / f"key-{KEY_NAMES.get(key, key)}")
        yield from _pause(KEY_GAP / 2, f"{label}-{index}-sent")
        yield then
        yield from _pause(KEY_GAP / 2, f"{label}-{index}")


def _pause(seconds: float, label: str, told: bool = False) -> Iterator[str]:
    """Let time pass, but no longer than the call lasts; `told`: what a NOTIFY says is taken, and the time begins anew."""
    if told:
        yield f'  <label id="{label}-on"/>'
        yield _wait_for("NOTIFY", seconds, label, f"{label}-told").replace("<recv ", '<recv optional="true" ')
    yield _wait_for("BYE", seconds, label, "hung_up")
    if told:
        yield f'  <label id="{label}-told"/>'
        yield _message(f' next="{label}-on"', _OK)
    yield f'  <label id="{label}"/>'


def _wait_for(request: str, seconds: float, then: str, otherwise: str) -> str:
    """Wait for a request that may come, and go where it leads; when the time is up, go on."""
    milliseconds = max(1, round(seconds * 1000))
    return f'  <recv request="{request}" timeout="{milliseconds}" ontimeout="{then}" next="{otherwise}"/>'


def _stream(path: Path, times: int = -1) -> str:
    return f'  <nop><action><exec rtp_stream="{path},{times},0,PCMU/8000"/></action></nop>'


def _key(path: Path) -> str:
    return f'  <nop><action><exec rtp_stream="{path},1,101,iLBC/8000"/></action></nop>'


def _document(parts: list[str]) -> str:
    return "\n".join(
        ['<?xml version="1.0" encoding="UTF-8"?>', '<scenario name="compiled">', *parts, "</scenario>", ""]
    )


def _message(attributes: str, lines: str, body: str = "") -> str:
    """One message to send; an empty line ends its head."""
    return f"  <send{attributes}><![CDATA[\n\n{lines.strip()}\n\n{body.strip()}\n]]></send>"


_SDP: Final = """
v=0
o=- 1 1 IN IP4 [media_ip]
s=-
c=IN IP4 [media_ip]
t=0 0
m=audio [rtpstream_audio_port] RTP/AVP 0 101
a=rtpmap:0 PCMU/8000
a=rtpmap:101 telephone-event/8000
a=fmtp:101 0-15
a=ptime:20
"""
_OK: Final = """
SIP/2.0 200 OK
[last_Via:]
[last_From:]
[last_To:]
[last_Call-ID:]
[last_CSeq:]
Content-Length: 0
"""


def _from_caller(method: str, to: str, sequence: int, more: str = "Content-Length: 0") -> str:
    return f"""
{method} SIP/2.0
Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]
From: <sip:[field0]@[local_ip]:[local_port]>;tag=[pid]-[call_number]
To: <sip:[service]@[remote_ip]:[remote_port]>{to}
Call-ID: [call_id]
CSeq: {sequence} {method.split()[0]}
Contact: <sip:[field0]@[local_ip]:[local_port]>
Max-Forwards: 70
{more}
"""


def _from_agent(status: str, more: str = "Content-Length: 0") -> str:
    return f"""
SIP/2.0 {status}
Via:[$via]
From:[$from]
To:[$to];tag=[pid]-[call_number]
[last_Call-ID:]
CSeq:[$cseq]
Contact: <sip:[local_ip]:[local_port]>
{more}
"""


def _by_agent(method: str, sequence: int, more: str = "Content-Length: 0") -> str:
    """A request of a phone that was called, in its call."""
    return f"""
{method} [next_url] SIP/2.0
Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]
From:[$to];tag=[pid]-[call_number]
To:[$from]
Call-ID: [call_id]
CSeq: {sequence} {method}
Contact: <sip:[local_ip]:[local_port]>
Max-Forwards: 70
{more}
"""


def _reinvite(sequence: int, direction: str) -> str:
    """Hold the other side (sendonly), or take it back (sendrecv)."""
    sdp = f"{_SDP.strip()}\na={direction}"
    return "\n".join(
        [
            _message(' retrans="500"', _by_agent("INVITE", sequence, _WITH_SDP), sdp),
            '  <recv response="100" optional="true"/>',
            '  <recv response="200"/>',
            _message("", _by_agent("ACK", sequence)),
        ]
    )


def register_xml(plan_name: str) -> str:
    """A phone registers, with the user and password that SIPp is given."""
    head = f"""
REGISTER sip:[remote_ip]:[remote_port] SIP/2.0
Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]
From: <sip:{plan_name}@[remote_ip]:[remote_port]>;tag=[pid]-[call_number]
To: <sip:{plan_name}@[remote_ip]:[remote_port]>
Call-ID: [call_id]
Contact: <sip:{plan_name}@[local_ip]:[local_port]>
Expires: 120
Max-Forwards: 70
Content-Length: 0
"""
    again = f"{head.rstrip()}\nCSeq: 2 REGISTER\n[authentication]"
    return _document(
        [
            _message(' retrans="500"', f"{head.rstrip()}\nCSeq: 1 REGISTER"),
            '  <recv response="401" auth="true"/>',
            _message(' retrans="500"', again),
            '  <recv response="200"/>',
        ]
    )


def _in_second(plan: AgentPlan, to: str, method: str, sequence: int, more: str = "Content-Length: 0") -> str:
    """A request of a phone's second call, which SIPp takes for its own by what stands behind the slashes of its Call-ID."""
    return f"""
{method} sip:{to}@127.0.0.1 SIP/2.0
Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]
From: <sip:{plan.name}@[local_ip]:[local_port]>;tag=second
To: <sip:{to}@127.0.0.1>{"" if method == "INVITE" else ";tag=[$tag]"}
Call-ID: second///[call_id]
CSeq: {sequence} {method}
Contact: <sip:{plan.name}@[local_ip]:[local_port]>
Max-Forwards: 70
{more}
"""


#: How the second call is named where it is to be replaced: by the tag that Asterisk has given it, and the phone's own.
_SECOND_DIALOG: Final = "second%2F%2F%2F[call_id]%3Bto-tag%3D[$tag]%3Bfrom-tag%3Dsecond"


def _refusal_taken(to: str, sequence: int) -> str:
    """The answer to a refusal belongs to the very INVITE that was refused."""
    heads = ("Via", "From", "To", "Call-ID")
    last = "\n".join(f"[last_{head}:]" for head in heads)
    return f"""
ACK sip:{to}@127.0.0.1 SIP/2.0
{last}
CSeq: {sequence} ACK
Max-Forwards: 70
Content-Length: 0
"""


def _second(plan: AgentPlan, to: str, label: str) -> str:
    """Call somebody, prove who calls, and wait until they answer or are busy; the name that is given at once says which phone it is."""
    old = f'Authorization: Digest username="{plan.name}", realm="asterisk", nonce="old", uri="sip:old", response="0"'
    proof = f"[authentication username={plan.name} password={plan.password}]"
    tag = '    <ereg regexp="tag=([^;]+)" search_in="hdr" header="To:" assign_to="whole,tag"/>'
    return "\n".join(
        [
            _message(' retrans="500"', _in_second(plan, to, "INVITE", 1, f"{old}\n{_WITH_SDP}"), _SDP),
            '  <recv response="401" auth="true"/>',
            _message("", _refusal_taken(to, 1)),
            _message(' retrans="500"', _in_second(plan, to, "INVITE", 2, f"{proof}\n{_WITH_SDP}"), _SDP),
            '  <recv response="100" optional="true"/>',
            '  <recv response="180" optional="true"/>',
            '  <recv response="183" optional="true"/>',
            f'  <recv response="486" optional="true" next="{label}-refused"/>',
            f'  <recv response="200"><action>\n{tag}\n  </action></recv>',
            _message("", _in_second(plan, to, "ACK", 2)),
            f'  <nop next="{label}"/>\n  <label id="{label}-refused"/>',
            _message("", _refusal_taken(to, 2)),
            f'  <label id="{label}"/>\n  <Reference variables="whole,tag"/>',
        ]
    )


def _refer(sequence: int, to: str) -> str:
    """Ask for the other side to be transferred."""
    about = f"Refer-To: {to}\nReferred-By: <sip:phone@[local_ip]>\nContent-Length: 0"
    return "\n".join(
        [_message(' retrans="500"', _by_agent("REFER", sequence, about)), '  <recv response="202"/>']
    )


_WITH_SDP: Final = "Content-Type: application/sdp\nContent-Length: [len]"
_DIALLED: Final = "INVITE sip:[service]@[remote_ip]:[remote_port]"


def _invite(sequence: int, proof: str = "") -> str:
    head = f"{proof}\n{_WITH_SDP}" if proof else _WITH_SDP
    return _message(' retrans="500"', _from_caller(_DIALLED, "", sequence, head), _SDP)


def _dialled(sequence: int, proof: str = "") -> str:
    """Dial, and wait for the answer."""
    return "\n".join(
        [
            _invite(sequence, proof),
            '  <recv response="100" optional="true"/>',
            '  <recv response="180" optional="true"/>',
            '  <recv response="183" optional="true"/>',
            '  <recv response="404" optional="true" next="refused"/>',
            '  <recv response="200" rrs="true" timeout="20000"/>',
            _message("", _from_caller("ACK [next_url]", "[peer_tag_param]", sequence)),
        ]
    )


def _proven(name: str, proof: str) -> str:
    """Dial, say at once which phone calls, and prove it when asked to."""
    old = (
        f'Authorization: Digest username="{name}", realm="asterisk", nonce="old", uri="sip:old", response="0"'
    )
    return "\n".join(
        [
            _invite(1, old),
            '  <recv response="401" auth="true"/>',
            _message("", _refusal_taken("[service]", 1)),
            _dialled(2, proof),
        ]
    )


def _hang_up_caller(sequence: int) -> str:
    return "\n".join(
        [
            _message(' retrans="500"', _from_caller("BYE [next_url]", "[peer_tag_param]", sequence)),
            '  <recv request="BYE" optional="true" next="crossed"/>',
            '  <recv response="200" next="done"/>',
            '  <label id="crossed"/>',
            _message(' next="done"', _OK),
        ]
    )


_REFUSED: Final = "\n".join(
    [
        '  <label id="refused"/>',
        _message(
            ' next="done"',
            """
ACK sip:[service]@[remote_ip]:[remote_port] SIP/2.0
[last_Via:]
[last_From:]
[last_To:]
[last_Call-ID:]
CSeq: 1 ACK
Max-Forwards: 70
Content-Length: 0
""",
        ),
    ]
)
_HUNG_UP: Final = "\n".join(['  <label id="hung_up"/>', _message(' next="done"', _OK)])
#: Of two calls, each is put down by itself.
_BOTH_HUNG_UP: Final = "\n".join(
    [
        '  <label id="hung_up"/>',
        _message("", _OK),
        '  <recv request="BYE" timeout="1000" ontimeout="done"/>',
        _message(' next="done"', _OK),
    ]
)
#: A phone that is asked whether it is there.
_ASKED: Final = "\n".join(
    ['  <label id="asked"/>', _message("", _OK.replace("[last_To:]", "[last_To:];tag=[pid]-[call_number]"))]
)
_DONE: Final = '  <label id="done"/>\n  <nop/>'
_INVITED: Final = "\n".join(
    [
        '  <recv request="OPTIONS" optional="true" next="asked"/>',
        '  <recv request="INVITE" rrs="true"><action>',
        *(
            f'    <ereg regexp=".*" search_in="hdr" header="{header}:" assign_to="{name}"/>'
            for header, name in (("Via", "via"), ("From", "from"), ("To", "to"), ("CSeq", "cseq"))
        ),
        "  </action></recv>",
        _message("", _from_agent("180 Ringing")),
    ]
)
_CANCELLED: Final = "\n".join(
    [
        '  <label id="cancelled"/>',
        _message("", _OK),
        _message(' retrans="500"', _from_agent("487 Request Terminated")),
        '  <recv request="ACK" next="done"/>',
    ]
)
_PICKED_UP: Final = "\n".join(
    [_message(' retrans="500"', _from_agent("200 OK", _WITH_SDP), _SDP), '  <recv request="ACK"/>']
)
_HANG_UP_AGENT: Final = "\n".join(
    [
        '  <label id="hang_up"/>',
        _message(
            ' retrans="500"',
            """
BYE [next_url] SIP/2.0
Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]
From:[$to];tag=[pid]-[call_number]
To:[$from]
Call-ID: [call_id]
CSeq: 99 BYE
Max-Forwards: 70
Content-Length: 0
""",
        ),
        '  <recv request="BYE" optional="true" next="crossed"/>',
        '  <recv response="200" next="done"/>',
        '  <label id="crossed"/>',
        _message(' next="done"', _OK),
    ]
)


def _refused(status: str) -> str:
    return "\n".join([_message(' retrans="500"', _from_agent(status)), '  <recv request="ACK" next="done"/>'])
