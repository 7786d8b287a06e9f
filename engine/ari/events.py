"""Generated from Asterisk 22.10.1's own description of ARI by `engine.ari.generate`; change nothing.

What Asterisk reports, as typed dictionaries: an event stays the dictionary it was parsed into, so a type
costs nothing at run time. `type` tells events apart: `if event["type"] == "StasisStart"` narrows an `Event`.
"""

from __future__ import annotations

from typing import Any, Literal, NotRequired, TypedDict


class Application(TypedDict):
    name: str
    channel_ids: list[str]
    bridge_ids: list[str]
    endpoint_ids: list[str]
    device_names: list[str]
    events_allowed: list[dict[str, Any]]
    events_disallowed: list[dict[str, Any]]


class BuildInfo(TypedDict):
    os: str
    kernel: str
    options: str
    machine: str
    date: str
    user: str


class SystemInfo(TypedDict):
    version: str
    entity_id: str


class SetId(TypedDict):
    user: str
    group: str


class ConfigInfo(TypedDict):
    name: str
    default_language: str
    max_channels: NotRequired[int]
    max_open_files: NotRequired[int]
    max_load: NotRequired[float]
    setid: SetId


class StatusInfo(TypedDict):
    startup_time: str
    last_reload_time: str


class AsteriskInfo(TypedDict):
    build: NotRequired[BuildInfo]
    system: NotRequired[SystemInfo]
    config: NotRequired[ConfigInfo]
    status: NotRequired[StatusInfo]


class AsteriskPing(TypedDict):
    asterisk_id: str
    ping: str
    timestamp: str


class Module(TypedDict):
    name: str
    description: str
    use_count: int
    status: str
    support_level: str


class LogChannel(TypedDict):
    channel: str
    type: str
    status: str
    configuration: str


class Variable(TypedDict):
    value: str


class Variables(TypedDict):
    variables: dict[str, Any]


class ConfigTuple(TypedDict):
    attribute: str
    value: str


class Bridge(TypedDict):
    id: str
    technology: str
    bridge_type: Literal["mixing", "holding"]
    bridge_class: str
    creator: str
    name: str
    channels: list[str]
    video_mode: NotRequired[str]
    video_source_id: NotRequired[str]
    creationtime: str
    bridgevars: NotRequired[dict[str, Any]]


class Dialed(TypedDict):
    pass


class DialplanCEP(TypedDict):
    context: str
    exten: str
    priority: int
    app_name: str
    app_data: str


class CallerID(TypedDict):
    name: str
    number: str


class RTPstat(TypedDict):
    txcount: int
    rxcount: int
    txjitter: NotRequired[float]
    rxjitter: NotRequired[float]
    remote_maxjitter: NotRequired[float]
    remote_minjitter: NotRequired[float]
    remote_normdevjitter: NotRequired[float]
    remote_stdevjitter: NotRequired[float]
    local_maxjitter: NotRequired[float]
    local_minjitter: NotRequired[float]
    local_normdevjitter: NotRequired[float]
    local_stdevjitter: NotRequired[float]
    txploss: int
    rxploss: int
    remote_maxrxploss: NotRequired[float]
    remote_minrxploss: NotRequired[float]
    remote_normdevrxploss: NotRequired[float]
    remote_stdevrxploss: NotRequired[float]
    local_maxrxploss: NotRequired[float]
    local_minrxploss: NotRequired[float]
    local_normdevrxploss: NotRequired[float]
    local_stdevrxploss: NotRequired[float]
    rtt: NotRequired[float]
    maxrtt: NotRequired[float]
    minrtt: NotRequired[float]
    normdevrtt: NotRequired[float]
    stdevrtt: NotRequired[float]
    local_ssrc: int
    remote_ssrc: int
    txoctetcount: int
    rxoctetcount: int
    channel_uniqueid: str


class Channel(TypedDict):
    id: str
    protocol_id: str
    name: str
    state: Literal[
        "Down",
        "Rsrved",
        "OffHook",
        "Dialing",
        "Ring",
        "Ringing",
        "Up",
        "Busy",
        "Dialing Offhook",
        "Pre-ring",
        "Unknown",
    ]
    caller: CallerID
    connected: CallerID
    accountcode: str
    dialplan: DialplanCEP
    creationtime: str
    language: str
    channelvars: NotRequired[dict[str, Any]]
    caller_rdnis: NotRequired[str]
    tenantid: NotRequired[str]


class DeviceState(TypedDict):
    name: str
    state: Literal[
        "UNKNOWN",
        "NOT_INUSE",
        "INUSE",
        "BUSY",
        "INVALID",
        "UNAVAILABLE",
        "RINGING",
        "RINGINUSE",
        "ONHOLD",
    ]


class Endpoint(TypedDict):
    technology: str
    resource: str
    state: NotRequired[Literal["unknown", "offline", "online"]]
    channel_ids: list[str]


TextMessage = TypedDict(
    "TextMessage",
    {
        "from": str,
        "to": str,
        "body": str,
        "variables": NotRequired[dict[str, Any]],
    },
)


class ContactInfo(TypedDict):
    uri: str
    contact_status: Literal["Unreachable", "Reachable", "Unknown", "NonQualified", "Removed"]
    aor: str
    roundtrip_usec: NotRequired[str]


class Peer(TypedDict):
    peer_status: str
    cause: NotRequired[str]
    address: NotRequired[str]
    port: NotRequired[str]
    time: NotRequired[str]


class ReferTo(TypedDict):
    requested_destination: RequiredDestination
    destination_channel: NotRequired[Channel]
    connected_channel: NotRequired[Channel]
    bridge: NotRequired[Bridge]


class ReferredBy(TypedDict):
    source_channel: Channel
    connected_channel: NotRequired[Channel]
    bridge: NotRequired[Bridge]


class RequiredDestination(TypedDict):
    protocol_id: NotRequired[str]
    destination: NotRequired[str]
    additional_protocol_params: NotRequired[list[AdditionalParam]]


class AdditionalParam(TypedDict):
    parameter_name: str
    parameter_value: str


class RESTHeader(TypedDict):
    name: str
    value: str


class RESTQueryStringParameter(TypedDict):
    name: str
    value: str


class Mailbox(TypedDict):
    name: str
    old_messages: int
    new_messages: int


class Playback(TypedDict):
    id: str
    media_uri: str
    next_media_uri: NotRequired[str]
    target_uri: str
    language: NotRequired[str]
    state: Literal["queued", "playing", "continuing", "done", "failed"]


class StoredRecording(TypedDict):
    name: str
    format: str


class LiveRecording(TypedDict):
    name: str
    format: str
    target_uri: str
    state: Literal["queued", "recording", "paused", "done", "failed", "canceled"]
    duration: NotRequired[int]
    talking_duration: NotRequired[int]
    silence_duration: NotRequired[int]
    cause: NotRequired[str]


class FormatLangPair(TypedDict):
    language: str
    format: str


class Sound(TypedDict):
    id: str
    text: NotRequired[str]
    formats: list[FormatLangPair]


class AnyEvent(TypedDict):
    asterisk_id: NotRequired[str]
    application: str
    timestamp: str


class DeviceStateChanged(AnyEvent):
    type: Literal["DeviceStateChanged"]
    device_state: DeviceState


class PlaybackStarted(AnyEvent):
    type: Literal["PlaybackStarted"]
    playback: Playback


class PlaybackContinuing(AnyEvent):
    type: Literal["PlaybackContinuing"]
    playback: Playback


class PlaybackFinished(AnyEvent):
    type: Literal["PlaybackFinished"]
    playback: Playback


class RecordingStarted(AnyEvent):
    type: Literal["RecordingStarted"]
    recording: LiveRecording


class RecordingFinished(AnyEvent):
    type: Literal["RecordingFinished"]
    recording: LiveRecording


class RecordingFailed(AnyEvent):
    type: Literal["RecordingFailed"]
    recording: LiveRecording


class ApplicationMoveFailed(AnyEvent):
    type: Literal["ApplicationMoveFailed"]
    channel: Channel
    destination: str
    args: list[str]


class ApplicationRegistered(AnyEvent):
    type: Literal["ApplicationRegistered"]


class ApplicationUnregistered(AnyEvent):
    type: Literal["ApplicationUnregistered"]


class ApplicationReplaced(AnyEvent):
    type: Literal["ApplicationReplaced"]


class BridgeCreated(AnyEvent):
    type: Literal["BridgeCreated"]
    bridge: Bridge


class BridgeDestroyed(AnyEvent):
    type: Literal["BridgeDestroyed"]
    bridge: Bridge


class BridgeMerged(AnyEvent):
    type: Literal["BridgeMerged"]
    bridge: Bridge
    bridge_from: Bridge


class BridgeVideoSourceChanged(AnyEvent):
    type: Literal["BridgeVideoSourceChanged"]
    bridge: Bridge
    old_video_source_id: NotRequired[str]


class BridgeBlindTransfer(AnyEvent):
    type: Literal["BridgeBlindTransfer"]
    channel: Channel
    replace_channel: NotRequired[Channel]
    transferee: NotRequired[Channel]
    exten: str
    context: str
    result: str
    is_external: bool
    bridge: NotRequired[Bridge]


class BridgeAttendedTransfer(AnyEvent):
    type: Literal["BridgeAttendedTransfer"]
    transferer_first_leg: Channel
    transferer_second_leg: Channel
    replace_channel: NotRequired[Channel]
    transferee: NotRequired[Channel]
    transfer_target: NotRequired[Channel]
    result: str
    is_external: bool
    transferer_first_leg_bridge: NotRequired[Bridge]
    transferer_second_leg_bridge: NotRequired[Bridge]
    destination_type: str
    destination_bridge: NotRequired[str]
    destination_application: NotRequired[str]
    destination_link_first_leg: NotRequired[Channel]
    destination_link_second_leg: NotRequired[Channel]
    destination_threeway_channel: NotRequired[Channel]
    destination_threeway_bridge: NotRequired[Bridge]


class ChannelCreated(AnyEvent):
    type: Literal["ChannelCreated"]
    channel: Channel


class ChannelDestroyed(AnyEvent):
    type: Literal["ChannelDestroyed"]
    cause: int
    cause_txt: str
    tech_cause: NotRequired[int]
    channel: Channel


class ChannelEnteredBridge(AnyEvent):
    type: Literal["ChannelEnteredBridge"]
    bridge: Bridge
    channel: NotRequired[Channel]


class ChannelLeftBridge(AnyEvent):
    type: Literal["ChannelLeftBridge"]
    bridge: Bridge
    channel: Channel


class ChannelStateChange(AnyEvent):
    type: Literal["ChannelStateChange"]
    channel: Channel


class ChannelDtmfReceived(AnyEvent):
    type: Literal["ChannelDtmfReceived"]
    digit: str
    duration_ms: int
    channel: Channel


class ChannelDialplan(AnyEvent):
    type: Literal["ChannelDialplan"]
    channel: Channel
    dialplan_app: str
    dialplan_app_data: str


class ChannelCallerId(AnyEvent):
    type: Literal["ChannelCallerId"]
    caller_presentation: int
    caller_presentation_txt: str
    channel: Channel


class ChannelUserevent(AnyEvent):
    type: Literal["ChannelUserevent"]
    eventname: str
    channel: NotRequired[Channel]
    bridge: NotRequired[Bridge]
    endpoint: NotRequired[Endpoint]
    userevent: dict[str, Any]


class ChannelHangupRequest(AnyEvent):
    type: Literal["ChannelHangupRequest"]
    cause: NotRequired[int]
    tech_cause: NotRequired[int]
    soft: NotRequired[bool]
    channel: Channel


class ChannelVarset(AnyEvent):
    type: Literal["ChannelVarset"]
    variable: str
    value: str
    channel: NotRequired[Channel]


class ChannelHold(AnyEvent):
    type: Literal["ChannelHold"]
    channel: Channel
    musicclass: NotRequired[str]


class ChannelUnhold(AnyEvent):
    type: Literal["ChannelUnhold"]
    channel: Channel


class ChannelToneDetected(AnyEvent):
    type: Literal["ChannelToneDetected"]
    channel: Channel


class ChannelTalkingStarted(AnyEvent):
    type: Literal["ChannelTalkingStarted"]
    channel: Channel


class ChannelTalkingFinished(AnyEvent):
    type: Literal["ChannelTalkingFinished"]
    channel: Channel
    duration: int


class ContactStatusChange(AnyEvent):
    type: Literal["ContactStatusChange"]
    endpoint: Endpoint
    contact_info: ContactInfo


class PeerStatusChange(AnyEvent):
    type: Literal["PeerStatusChange"]
    endpoint: Endpoint
    peer: Peer


class EndpointStateChange(AnyEvent):
    type: Literal["EndpointStateChange"]
    endpoint: Endpoint


class Dial(AnyEvent):
    type: Literal["Dial"]
    caller: NotRequired[Channel]
    peer: Channel
    forward: NotRequired[str]
    forwarded: NotRequired[Channel]
    dialstring: NotRequired[str]
    dialstatus: str


class StasisEnd(AnyEvent):
    type: Literal["StasisEnd"]
    channel: Channel


class StasisStart(AnyEvent):
    type: Literal["StasisStart"]
    args: list[str]
    channel: Channel
    replace_channel: NotRequired[Channel]


class TextMessageReceived(AnyEvent):
    type: Literal["TextMessageReceived"]
    message: TextMessage
    endpoint: NotRequired[Endpoint]


class ChannelConnectedLine(AnyEvent):
    type: Literal["ChannelConnectedLine"]
    channel: Channel


class ChannelTransfer(AnyEvent):
    type: Literal["ChannelTransfer"]
    state: NotRequired[str]
    refer_to: ReferTo
    referred_by: ReferredBy


class CallBroadcast(AnyEvent):
    type: Literal["CallBroadcast"]
    channel: Channel
    caller: NotRequired[str]
    called: NotRequired[str]


class CallClaimed(AnyEvent):
    type: Literal["CallClaimed"]
    channel: Channel
    winner_app: str


Event = (
    DeviceStateChanged
    | PlaybackStarted
    | PlaybackContinuing
    | PlaybackFinished
    | RecordingStarted
    | RecordingFinished
    | RecordingFailed
    | ApplicationMoveFailed
    | ApplicationRegistered
    | ApplicationUnregistered
    | ApplicationReplaced
    | BridgeCreated
    | BridgeDestroyed
    | BridgeMerged
    | BridgeVideoSourceChanged
    | BridgeBlindTransfer
    | BridgeAttendedTransfer
    | ChannelCreated
    | ChannelDestroyed
    | ChannelEnteredBridge
    | ChannelLeftBridge
    | ChannelStateChange
    | ChannelDtmfReceived
    | ChannelDialplan
    | ChannelCallerId
    | ChannelUserevent
    | ChannelHangupRequest
    | ChannelVarset
    | ChannelHold
    | ChannelUnhold
    | ChannelToneDetected
    | ChannelTalkingStarted
    | ChannelTalkingFinished
    | ContactStatusChange
    | PeerStatusChange
    | EndpointStateChange
    | Dial
    | StasisEnd
    | StasisStart
    | TextMessageReceived
    | ChannelConnectedLine
    | ChannelTransfer
    | CallBroadcast
    | CallClaimed
)
