"""Generated from Asterisk 22.10.1's own description of ARI by `engine.ari.generate`; change nothing."""

# ruff: noqa: E501

from __future__ import annotations

from typing import Final

from engine.ari.swagger import Field, Model, Operation, Parameter

ASTERISK: Final = "22.10.1"

# fmt: off
OPERATIONS: Final[tuple[Operation, ...]] = (
    Operation("applications.list", "GET", "/applications", "List[Application]", ()),
    Operation("applications.get", "GET", "/applications/{applicationName}", "Application", (404,), (
        Parameter("applicationName", "path", "string", required=True),
    )),
    Operation("applications.subscribe", "POST", "/applications/{applicationName}/subscription", "Application", (400, 404, 422), (
        Parameter("applicationName", "path", "string", required=True),
        Parameter("eventSource", "query", "string", required=True, multiple=True),
    )),
    Operation("applications.unsubscribe", "DELETE", "/applications/{applicationName}/subscription", "Application", (400, 404, 409, 422), (
        Parameter("applicationName", "path", "string", required=True),
        Parameter("eventSource", "query", "string", required=True, multiple=True),
    )),
    Operation("applications.filter", "PUT", "/applications/{applicationName}/eventFilter", "Application", (400, 404), (
        Parameter("applicationName", "path", "string", required=True),
        Parameter("filter", "body", "object"),
    )),
    Operation("asterisk.getObject", "GET", "/asterisk/config/dynamic/{configClass}/{objectType}/{id}", "List[ConfigTuple]", (404,), (
        Parameter("configClass", "path", "string", required=True),
        Parameter("objectType", "path", "string", required=True),
        Parameter("id", "path", "string", required=True),
    )),
    Operation("asterisk.updateObject", "PUT", "/asterisk/config/dynamic/{configClass}/{objectType}/{id}", "List[ConfigTuple]", (400, 403, 404), (
        Parameter("configClass", "path", "string", required=True),
        Parameter("objectType", "path", "string", required=True),
        Parameter("id", "path", "string", required=True),
        Parameter("fields", "body", "containers"),
    )),
    Operation("asterisk.deleteObject", "DELETE", "/asterisk/config/dynamic/{configClass}/{objectType}/{id}", "void", (403, 404), (
        Parameter("configClass", "path", "string", required=True),
        Parameter("objectType", "path", "string", required=True),
        Parameter("id", "path", "string", required=True),
    )),
    Operation("asterisk.getInfo", "GET", "/asterisk/info", "AsteriskInfo", (), (
        Parameter("only", "query", "string", multiple=True, allowed=("build", "system", "config", "status")),
    )),
    Operation("asterisk.ping", "GET", "/asterisk/ping", "AsteriskPing", ()),
    Operation("asterisk.listModules", "GET", "/asterisk/modules", "List[Module]", ()),
    Operation("asterisk.getModule", "GET", "/asterisk/modules/{moduleName}", "Module", (404, 409), (
        Parameter("moduleName", "path", "string", required=True),
    )),
    Operation("asterisk.loadModule", "POST", "/asterisk/modules/{moduleName}", "void", (409,), (
        Parameter("moduleName", "path", "string", required=True),
    )),
    Operation("asterisk.unloadModule", "DELETE", "/asterisk/modules/{moduleName}", "void", (404, 409), (
        Parameter("moduleName", "path", "string", required=True),
    )),
    Operation("asterisk.reloadModule", "PUT", "/asterisk/modules/{moduleName}", "void", (404, 409), (
        Parameter("moduleName", "path", "string", required=True),
    )),
    Operation("asterisk.listLogChannels", "GET", "/asterisk/logging", "List[LogChannel]", ()),
    Operation("asterisk.addLog", "POST", "/asterisk/logging/{logChannelName}", "void", (400, 409), (
        Parameter("logChannelName", "path", "string", required=True),
        Parameter("configuration", "query", "string", required=True),
    )),
    Operation("asterisk.deleteLog", "DELETE", "/asterisk/logging/{logChannelName}", "void", (404,), (
        Parameter("logChannelName", "path", "string", required=True),
    )),
    Operation("asterisk.rotateLog", "PUT", "/asterisk/logging/{logChannelName}/rotate", "void", (404,), (
        Parameter("logChannelName", "path", "string", required=True),
    )),
    Operation("asterisk.getGlobalVar", "GET", "/asterisk/variable", "Variable", (400,), (
        Parameter("variable", "query", "string", required=True),
    )),
    Operation("asterisk.setGlobalVar", "POST", "/asterisk/variable", "void", (400,), (
        Parameter("variable", "query", "string", required=True),
        Parameter("value", "query", "string"),
    )),
    Operation("bridges.list", "GET", "/bridges", "List[Bridge]", ()),
    Operation("bridges.create", "POST", "/bridges", "Bridge", (409,), (
        Parameter("type", "query", "string"),
        Parameter("bridgeId", "query", "string"),
        Parameter("name", "query", "string"),
        Parameter("variables", "body", "containers"),
    )),
    Operation("bridges.createWithId", "POST", "/bridges/{bridgeId}", "Bridge", (409,), (
        Parameter("type", "query", "string"),
        Parameter("bridgeId", "path", "string", required=True),
        Parameter("name", "query", "string"),
        Parameter("variables", "body", "containers"),
    )),
    Operation("bridges.get", "GET", "/bridges/{bridgeId}", "Bridge", (404,), (
        Parameter("bridgeId", "path", "string", required=True),
    )),
    Operation("bridges.destroy", "DELETE", "/bridges/{bridgeId}", "void", (404,), (
        Parameter("bridgeId", "path", "string", required=True),
    )),
    Operation("bridges.getBridgeVar", "GET", "/bridges/{bridgeId}/variable", "Variable", (400, 404, 409), (
        Parameter("bridgeId", "path", "string", required=True),
        Parameter("variable", "query", "string", required=True),
    )),
    Operation("bridges.setBridgeVar", "POST", "/bridges/{bridgeId}/variable", "void", (400, 404, 409), (
        Parameter("bridgeId", "path", "string", required=True),
        Parameter("variable", "query", "string", required=True),
        Parameter("value", "query", "string"),
        Parameter("report_events", "query", "boolean", default=False),
    )),
    Operation("bridges.getBridgeVars", "GET", "/bridges/{bridgeId}/variables", "Variables", (400, 404, 409), (
        Parameter("bridgeId", "path", "string", required=True),
        Parameter("variables", "query", "string", required=True, multiple=True),
    )),
    Operation("bridges.setBridgeVars", "POST", "/bridges/{bridgeId}/variables", "void", (400, 404, 409), (
        Parameter("bridgeId", "path", "string", required=True),
        Parameter("variables", "body", "containers", required=True),
    )),
    Operation("bridges.addChannel", "POST", "/bridges/{bridgeId}/addChannel", "void", (400, 404, 409, 422), (
        Parameter("bridgeId", "path", "string", required=True),
        Parameter("channel", "query", "string", required=True, multiple=True),
        Parameter("role", "query", "string"),
        Parameter("absorbDTMF", "query", "boolean", default=False),
        Parameter("mute", "query", "boolean", default=False),
        Parameter("inhibitConnectedLineUpdates", "query", "boolean", default=False),
    )),
    Operation("bridges.removeChannel", "POST", "/bridges/{bridgeId}/removeChannel", "void", (400, 404, 409, 422), (
        Parameter("bridgeId", "path", "string", required=True),
        Parameter("channel", "query", "string", required=True, multiple=True),
    )),
    Operation("bridges.setVideoSource", "POST", "/bridges/{bridgeId}/videoSource/{channelId}", "void", (404, 409, 422), (
        Parameter("bridgeId", "path", "string", required=True),
        Parameter("channelId", "path", "string", required=True),
    )),
    Operation("bridges.clearVideoSource", "DELETE", "/bridges/{bridgeId}/videoSource", "void", (404,), (
        Parameter("bridgeId", "path", "string", required=True),
    )),
    Operation("bridges.startMoh", "POST", "/bridges/{bridgeId}/moh", "void", (404, 409), (
        Parameter("bridgeId", "path", "string", required=True),
        Parameter("mohClass", "query", "string"),
    )),
    Operation("bridges.stopMoh", "DELETE", "/bridges/{bridgeId}/moh", "void", (404, 409), (
        Parameter("bridgeId", "path", "string", required=True),
    )),
    Operation("bridges.play", "POST", "/bridges/{bridgeId}/play", "Playback", (404, 409, 422), (
        Parameter("bridgeId", "path", "string", required=True),
        Parameter("media", "query", "string", required=True, multiple=True),
        Parameter("announcer_format", "query", "string"),
        Parameter("lang", "query", "string"),
        Parameter("offsetms", "query", "int", minimum=0, default=0),
        Parameter("skipms", "query", "int", minimum=0, default=3000),
        Parameter("playbackId", "query", "string"),
    )),
    Operation("bridges.playWithId", "POST", "/bridges/{bridgeId}/play/{playbackId}", "Playback", (404, 409, 422), (
        Parameter("bridgeId", "path", "string", required=True),
        Parameter("playbackId", "path", "string", required=True),
        Parameter("media", "query", "string", required=True, multiple=True),
        Parameter("announcer_format", "query", "string"),
        Parameter("lang", "query", "string"),
        Parameter("offsetms", "query", "int", minimum=0, default=0),
        Parameter("skipms", "query", "int", minimum=0, default=3000),
    )),
    Operation("bridges.record", "POST", "/bridges/{bridgeId}/record", "LiveRecording", (400, 404, 409, 422), (
        Parameter("bridgeId", "path", "string", required=True),
        Parameter("name", "query", "string", required=True),
        Parameter("format", "query", "string", required=True),
        Parameter("recorder_format", "query", "string"),
        Parameter("maxDurationSeconds", "query", "int", minimum=0, default=0),
        Parameter("maxSilenceSeconds", "query", "int", minimum=0, default=0),
        Parameter("ifExists", "query", "string", allowed=("fail", "overwrite", "append"), default="fail"),
        Parameter("beep", "query", "boolean", default=False),
        Parameter("terminateOn", "query", "string", allowed=("none", "any", "*", "#"), default="none"),
    )),
    Operation("channels.list", "GET", "/channels", "List[Channel]", ()),
    Operation("channels.originate", "POST", "/channels", "Channel", (400, 409), (
        Parameter("endpoint", "query", "string", required=True),
        Parameter("extension", "query", "string"),
        Parameter("context", "query", "string"),
        Parameter("priority", "query", "long"),
        Parameter("label", "query", "string"),
        Parameter("app", "query", "string"),
        Parameter("appArgs", "query", "string"),
        Parameter("callerId", "query", "string"),
        Parameter("timeout", "query", "int", default=30),
        Parameter("variables", "body", "containers"),
        Parameter("channelId", "query", "string"),
        Parameter("otherChannelId", "query", "string"),
        Parameter("originator", "query", "string"),
        Parameter("formats", "query", "string"),
    )),
    Operation("channels.create", "POST", "/channels/create", "Channel", (409,), (
        Parameter("endpoint", "query", "string", required=True),
        Parameter("app", "query", "string", required=True),
        Parameter("appArgs", "query", "string"),
        Parameter("channelId", "query", "string"),
        Parameter("otherChannelId", "query", "string"),
        Parameter("originator", "query", "string"),
        Parameter("formats", "query", "string"),
        Parameter("variables", "body", "containers"),
    )),
    Operation("channels.get", "GET", "/channels/{channelId}", "Channel", (404,), (
        Parameter("channelId", "path", "string", required=True),
    )),
    Operation("channels.originateWithId", "POST", "/channels/{channelId}", "Channel", (400, 409), (
        Parameter("channelId", "path", "string", required=True),
        Parameter("endpoint", "query", "string", required=True),
        Parameter("extension", "query", "string"),
        Parameter("context", "query", "string"),
        Parameter("priority", "query", "long"),
        Parameter("label", "query", "string"),
        Parameter("app", "query", "string"),
        Parameter("appArgs", "query", "string"),
        Parameter("callerId", "query", "string"),
        Parameter("timeout", "query", "int", default=30),
        Parameter("variables", "body", "containers"),
        Parameter("otherChannelId", "query", "string"),
        Parameter("originator", "query", "string"),
        Parameter("formats", "query", "string"),
    )),
    Operation("channels.hangup", "DELETE", "/channels/{channelId}", "void", (400, 404), (
        Parameter("channelId", "path", "string", required=True),
        Parameter("reason_code", "query", "string"),
        Parameter("reason", "query", "string", allowed=("normal", "busy", "congestion", "no_answer", "timeout", "rejected", "unallocated", "normal_unspecified", "number_incomplete", "codec_mismatch", "interworking", "failure", "answered_elsewhere")),
    )),
    Operation("channels.continueInDialplan", "POST", "/channels/{channelId}/continue", "void", (404, 409, 412), (
        Parameter("channelId", "path", "string", required=True),
        Parameter("context", "query", "string"),
        Parameter("extension", "query", "string"),
        Parameter("priority", "query", "int"),
        Parameter("label", "query", "string"),
    )),
    Operation("channels.move", "POST", "/channels/{channelId}/move", "void", (404, 409), (
        Parameter("channelId", "path", "string", required=True),
        Parameter("app", "query", "string", required=True),
        Parameter("appArgs", "query", "string"),
    )),
    Operation("channels.redirect", "POST", "/channels/{channelId}/redirect", "void", (400, 404, 409, 412, 422), (
        Parameter("channelId", "path", "string", required=True),
        Parameter("endpoint", "query", "string", required=True),
    )),
    Operation("channels.answer", "POST", "/channels/{channelId}/answer", "void", (404, 409, 412), (
        Parameter("channelId", "path", "string", required=True),
    )),
    Operation("channels.ring", "POST", "/channels/{channelId}/ring", "void", (404, 409, 412), (
        Parameter("channelId", "path", "string", required=True),
    )),
    Operation("channels.ringStop", "DELETE", "/channels/{channelId}/ring", "void", (404, 409, 412), (
        Parameter("channelId", "path", "string", required=True),
    )),
    Operation("channels.progress", "POST", "/channels/{channelId}/progress", "void", (404, 409, 412), (
        Parameter("channelId", "path", "string", required=True),
    )),
    Operation("channels.sendDTMF", "POST", "/channels/{channelId}/dtmf", "void", (400, 404, 409, 412), (
        Parameter("channelId", "path", "string", required=True),
        Parameter("dtmf", "query", "string"),
        Parameter("before", "query", "int", default=0),
        Parameter("between", "query", "int", default=100),
        Parameter("duration", "query", "int", default=100),
        Parameter("after", "query", "int", default=0),
    )),
    Operation("channels.mute", "POST", "/channels/{channelId}/mute", "void", (404, 409, 412), (
        Parameter("channelId", "path", "string", required=True),
        Parameter("direction", "query", "string", allowed=("both", "in", "out"), default="both"),
    )),
    Operation("channels.unmute", "DELETE", "/channels/{channelId}/mute", "void", (404, 409, 412), (
        Parameter("channelId", "path", "string", required=True),
        Parameter("direction", "query", "string", allowed=("both", "in", "out"), default="both"),
    )),
    Operation("channels.hold", "POST", "/channels/{channelId}/hold", "void", (404, 409, 412), (
        Parameter("channelId", "path", "string", required=True),
    )),
    Operation("channels.unhold", "DELETE", "/channels/{channelId}/hold", "void", (404, 409, 412), (
        Parameter("channelId", "path", "string", required=True),
    )),
    Operation("channels.startMoh", "POST", "/channels/{channelId}/moh", "void", (404, 409, 412), (
        Parameter("channelId", "path", "string", required=True),
        Parameter("mohClass", "query", "string"),
    )),
    Operation("channels.stopMoh", "DELETE", "/channels/{channelId}/moh", "void", (404, 409, 412), (
        Parameter("channelId", "path", "string", required=True),
    )),
    Operation("channels.startSilence", "POST", "/channels/{channelId}/silence", "void", (404, 409, 412), (
        Parameter("channelId", "path", "string", required=True),
    )),
    Operation("channels.stopSilence", "DELETE", "/channels/{channelId}/silence", "void", (404, 409, 412), (
        Parameter("channelId", "path", "string", required=True),
    )),
    Operation("channels.play", "POST", "/channels/{channelId}/play", "Playback", (404, 409, 412), (
        Parameter("channelId", "path", "string", required=True),
        Parameter("media", "query", "string", required=True, multiple=True),
        Parameter("lang", "query", "string"),
        Parameter("offsetms", "query", "int"),
        Parameter("skipms", "query", "int", default=3000),
        Parameter("playbackId", "query", "string"),
    )),
    Operation("channels.playWithId", "POST", "/channels/{channelId}/play/{playbackId}", "Playback", (404, 409, 412), (
        Parameter("channelId", "path", "string", required=True),
        Parameter("playbackId", "path", "string", required=True),
        Parameter("media", "query", "string", required=True, multiple=True),
        Parameter("lang", "query", "string"),
        Parameter("offsetms", "query", "int"),
        Parameter("skipms", "query", "int", default=3000),
    )),
    Operation("channels.record", "POST", "/channels/{channelId}/record", "LiveRecording", (400, 404, 409, 422), (
        Parameter("channelId", "path", "string", required=True),
        Parameter("name", "query", "string", required=True),
        Parameter("format", "query", "string", required=True),
        Parameter("maxDurationSeconds", "query", "int", minimum=0, default=0),
        Parameter("maxSilenceSeconds", "query", "int", minimum=0, default=0),
        Parameter("ifExists", "query", "string", allowed=("fail", "overwrite", "append"), default="fail"),
        Parameter("beep", "query", "boolean", default=False),
        Parameter("terminateOn", "query", "string", allowed=("none", "any", "*", "#"), default="none"),
    )),
    Operation("channels.getChannelVar", "GET", "/channels/{channelId}/variable", "Variable", (400, 404, 409), (
        Parameter("channelId", "path", "string", required=True),
        Parameter("variable", "query", "string", required=True),
    )),
    Operation("channels.setChannelVar", "POST", "/channels/{channelId}/variable", "void", (400, 404, 409), (
        Parameter("channelId", "path", "string", required=True),
        Parameter("variable", "query", "string", required=True),
        Parameter("value", "query", "string"),
        Parameter("report_events", "query", "boolean", default=False),
    )),
    Operation("channels.getChannelVars", "GET", "/channels/{channelId}/variables", "Variables", (400, 404, 409), (
        Parameter("channelId", "path", "string", required=True),
        Parameter("variables", "query", "string", required=True, multiple=True),
    )),
    Operation("channels.setChannelVars", "POST", "/channels/{channelId}/variables", "void", (400, 404, 409), (
        Parameter("channelId", "path", "string", required=True),
        Parameter("variables", "body", "containers", required=True),
    )),
    Operation("channels.snoopChannel", "POST", "/channels/{channelId}/snoop", "Channel", (400, 404), (
        Parameter("channelId", "path", "string", required=True),
        Parameter("spy", "query", "string", allowed=("none", "both", "out", "in"), default="none"),
        Parameter("whisper", "query", "string", allowed=("none", "both", "out", "in"), default="none"),
        Parameter("app", "query", "string", required=True),
        Parameter("appArgs", "query", "string"),
        Parameter("snoopId", "query", "string"),
    )),
    Operation("channels.snoopChannelWithId", "POST", "/channels/{channelId}/snoop/{snoopId}", "Channel", (400, 404), (
        Parameter("channelId", "path", "string", required=True),
        Parameter("snoopId", "path", "string", required=True),
        Parameter("spy", "query", "string", allowed=("none", "both", "out", "in"), default="none"),
        Parameter("whisper", "query", "string", allowed=("none", "both", "out", "in"), default="none"),
        Parameter("app", "query", "string", required=True),
        Parameter("appArgs", "query", "string"),
    )),
    Operation("channels.dial", "POST", "/channels/{channelId}/dial", "void", (404, 409), (
        Parameter("channelId", "path", "string", required=True),
        Parameter("caller", "query", "string"),
        Parameter("timeout", "query", "int", minimum=0, default=0),
    )),
    Operation("channels.rtpstatistics", "GET", "/channels/{channelId}/rtp_statistics", "RTPstat", (404,), (
        Parameter("channelId", "path", "string", required=True),
    )),
    Operation("channels.externalMedia", "POST", "/channels/externalMedia", "Channel", (400, 409), (
        Parameter("channelId", "query", "string"),
        Parameter("app", "query", "string", required=True),
        Parameter("variables", "body", "containers"),
        Parameter("external_host", "query", "string"),
        Parameter("encapsulation", "query", "string", allowed=("rtp", "audiosocket", "none"), default="rtp"),
        Parameter("transport", "query", "string", allowed=("udp", "tcp", "websocket"), default="udp"),
        Parameter("connection_type", "query", "string", allowed=("client", "server"), default="client"),
        Parameter("format", "query", "string", required=True),
        Parameter("direction", "query", "string", allowed=("both",), default="both"),
        Parameter("data", "query", "string"),
        Parameter("transport_data", "query", "string"),
    )),
    Operation("channels.transfer_progress", "POST", "/channels/{channelId}/transfer_progress", "void", (400, 404, 409, 412), (
        Parameter("channelId", "path", "string", required=True),
        Parameter("states", "query", "string", required=True),
    )),
    Operation("deviceStates.list", "GET", "/deviceStates", "List[DeviceState]", ()),
    Operation("deviceStates.get", "GET", "/deviceStates/{deviceName}", "DeviceState", (), (
        Parameter("deviceName", "path", "string", required=True),
    )),
    Operation("deviceStates.update", "PUT", "/deviceStates/{deviceName}", "void", (404, 409), (
        Parameter("deviceName", "path", "string", required=True),
        Parameter("deviceState", "query", "string", required=True, allowed=("NOT_INUSE", "INUSE", "BUSY", "INVALID", "UNAVAILABLE", "RINGING", "RINGINUSE", "ONHOLD")),
    )),
    Operation("deviceStates.delete", "DELETE", "/deviceStates/{deviceName}", "void", (404, 409), (
        Parameter("deviceName", "path", "string", required=True),
    )),
    Operation("endpoints.list", "GET", "/endpoints", "List[Endpoint]", ()),
    Operation("endpoints.sendMessage", "PUT", "/endpoints/sendMessage", "void", (400, 404), (
        Parameter("to", "query", "string", required=True),
        Parameter("from", "query", "string", required=True),
        Parameter("body", "query", "string"),
        Parameter("variables", "body", "containers"),
    )),
    Operation("endpoints.refer", "POST", "/endpoints/refer", "void", (400, 404), (
        Parameter("to", "query", "string", required=True),
        Parameter("from", "query", "string", required=True),
        Parameter("refer_to", "query", "string", required=True),
        Parameter("to_self", "query", "boolean", default=False),
        Parameter("variables", "body", "containers"),
    )),
    Operation("endpoints.listByTech", "GET", "/endpoints/{tech}", "List[Endpoint]", (404,), (
        Parameter("tech", "path", "string"),
    )),
    Operation("endpoints.get", "GET", "/endpoints/{tech}/{resource}", "Endpoint", (400, 404), (
        Parameter("tech", "path", "string"),
        Parameter("resource", "path", "string"),
    )),
    Operation("endpoints.sendMessageToEndpoint", "PUT", "/endpoints/{tech}/{resource}/sendMessage", "void", (400, 404), (
        Parameter("tech", "path", "string"),
        Parameter("resource", "path", "string"),
        Parameter("from", "query", "string", required=True),
        Parameter("body", "query", "string"),
        Parameter("variables", "body", "containers"),
    )),
    Operation("endpoints.referToEndpoint", "POST", "/endpoints/{tech}/{resource}/refer", "void", (400, 404), (
        Parameter("tech", "path", "string"),
        Parameter("resource", "path", "string"),
        Parameter("from", "query", "string", required=True),
        Parameter("refer_to", "query", "string", required=True),
        Parameter("to_self", "query", "boolean", default=False),
        Parameter("variables", "body", "containers"),
    )),
    Operation("events.eventWebsocket", "GET", "/events", "Message", (), (
        Parameter("app", "query", "string", required=True, multiple=True),
        Parameter("subscribeAll", "query", "boolean"),
    )),
    Operation("events.userEvent", "POST", "/events/user/{eventName}", "void", (400, 404, 422), (
        Parameter("eventName", "path", "string", required=True),
        Parameter("application", "query", "string", required=True),
        Parameter("source", "query", "string", multiple=True),
        Parameter("variables", "body", "containers"),
    )),
    Operation("events.claimChannel", "POST", "/events/claim", "void", (404, 409), (
        Parameter("channelId", "query", "string", required=True),
        Parameter("application", "query", "string", required=True),
    )),
    Operation("mailboxes.list", "GET", "/mailboxes", "List[Mailbox]", ()),
    Operation("mailboxes.get", "GET", "/mailboxes/{mailboxName}", "Mailbox", (404,), (
        Parameter("mailboxName", "path", "string", required=True),
    )),
    Operation("mailboxes.update", "PUT", "/mailboxes/{mailboxName}", "void", (404,), (
        Parameter("mailboxName", "path", "string", required=True),
        Parameter("oldMessages", "query", "int", required=True),
        Parameter("newMessages", "query", "int", required=True),
    )),
    Operation("mailboxes.delete", "DELETE", "/mailboxes/{mailboxName}", "void", (404,), (
        Parameter("mailboxName", "path", "string", required=True),
    )),
    Operation("playbacks.get", "GET", "/playbacks/{playbackId}", "Playback", (404,), (
        Parameter("playbackId", "path", "string", required=True),
    )),
    Operation("playbacks.stop", "DELETE", "/playbacks/{playbackId}", "void", (404,), (
        Parameter("playbackId", "path", "string", required=True),
    )),
    Operation("playbacks.control", "POST", "/playbacks/{playbackId}/control", "void", (400, 404, 409), (
        Parameter("playbackId", "path", "string", required=True),
        Parameter("operation", "query", "string", required=True, allowed=("restart", "pause", "unpause", "reverse", "forward")),
    )),
    Operation("recordings.listStored", "GET", "/recordings/stored", "List[StoredRecording]", ()),
    Operation("recordings.getStored", "GET", "/recordings/stored/{recordingName}", "StoredRecording", (404,), (
        Parameter("recordingName", "path", "string", required=True),
    )),
    Operation("recordings.deleteStored", "DELETE", "/recordings/stored/{recordingName}", "void", (404,), (
        Parameter("recordingName", "path", "string", required=True),
    )),
    Operation("recordings.getStoredFile", "GET", "/recordings/stored/{recordingName}/file", "binary", (403, 404), (
        Parameter("recordingName", "path", "string", required=True),
    )),
    Operation("recordings.copyStored", "POST", "/recordings/stored/{recordingName}/copy", "StoredRecording", (404, 409), (
        Parameter("recordingName", "path", "string", required=True),
        Parameter("destinationRecordingName", "query", "string", required=True),
    )),
    Operation("recordings.getLive", "GET", "/recordings/live/{recordingName}", "LiveRecording", (404,), (
        Parameter("recordingName", "path", "string", required=True),
    )),
    Operation("recordings.cancel", "DELETE", "/recordings/live/{recordingName}", "void", (404,), (
        Parameter("recordingName", "path", "string", required=True),
    )),
    Operation("recordings.stop", "POST", "/recordings/live/{recordingName}/stop", "void", (404,), (
        Parameter("recordingName", "path", "string", required=True),
    )),
    Operation("recordings.pause", "POST", "/recordings/live/{recordingName}/pause", "void", (404, 409), (
        Parameter("recordingName", "path", "string", required=True),
    )),
    Operation("recordings.unpause", "DELETE", "/recordings/live/{recordingName}/pause", "void", (404, 409), (
        Parameter("recordingName", "path", "string", required=True),
    )),
    Operation("recordings.mute", "POST", "/recordings/live/{recordingName}/mute", "void", (404, 409), (
        Parameter("recordingName", "path", "string", required=True),
    )),
    Operation("recordings.unmute", "DELETE", "/recordings/live/{recordingName}/mute", "void", (404, 409), (
        Parameter("recordingName", "path", "string", required=True),
    )),
    Operation("sounds.list", "GET", "/sounds", "List[Sound]", (), (
        Parameter("lang", "query", "string"),
        Parameter("format", "query", "string"),
    )),
    Operation("sounds.get", "GET", "/sounds/{soundId}", "Sound", (), (
        Parameter("soundId", "path", "string", required=True),
    )),
)

MODELS: Final[tuple[Model, ...]] = (
    Model("Application", None, (
        Field("name", "string", required=True),
        Field("channel_ids", "List[string]", required=True),
        Field("bridge_ids", "List[string]", required=True),
        Field("endpoint_ids", "List[string]", required=True),
        Field("device_names", "List[string]", required=True),
        Field("events_allowed", "List[object]", required=True),
        Field("events_disallowed", "List[object]", required=True),
    )),
    Model("BuildInfo", None, (
        Field("os", "string", required=True),
        Field("kernel", "string", required=True),
        Field("options", "string", required=True),
        Field("machine", "string", required=True),
        Field("date", "string", required=True),
        Field("user", "string", required=True),
    )),
    Model("SystemInfo", None, (
        Field("version", "string", required=True),
        Field("entity_id", "string", required=True),
    )),
    Model("SetId", None, (
        Field("user", "string", required=True),
        Field("group", "string", required=True),
    )),
    Model("ConfigInfo", None, (
        Field("name", "string", required=True),
        Field("default_language", "string", required=True),
        Field("max_channels", "int"),
        Field("max_open_files", "int"),
        Field("max_load", "double"),
        Field("setid", "SetId", required=True),
    )),
    Model("StatusInfo", None, (
        Field("startup_time", "Date", required=True),
        Field("last_reload_time", "Date", required=True),
    )),
    Model("AsteriskInfo", None, (
        Field("build", "BuildInfo"),
        Field("system", "SystemInfo"),
        Field("config", "ConfigInfo"),
        Field("status", "StatusInfo"),
    )),
    Model("AsteriskPing", None, (
        Field("asterisk_id", "string", required=True),
        Field("ping", "string", required=True),
        Field("timestamp", "string", required=True),
    )),
    Model("Module", None, (
        Field("name", "string", required=True),
        Field("description", "string", required=True),
        Field("use_count", "int", required=True),
        Field("status", "string", required=True),
        Field("support_level", "string", required=True),
    )),
    Model("LogChannel", None, (
        Field("channel", "string", required=True),
        Field("type", "string", required=True),
        Field("status", "string", required=True),
        Field("configuration", "string", required=True),
    )),
    Model("Variable", None, (
        Field("value", "string", required=True),
    )),
    Model("Variables", None, (
        Field("variables", "object", required=True),
    )),
    Model("ConfigTuple", None, (
        Field("attribute", "string", required=True),
        Field("value", "string", required=True),
    )),
    Model("Bridge", None, (
        Field("id", "string", required=True),
        Field("technology", "string", required=True),
        Field("bridge_type", "string", required=True, allowed=("mixing", "holding")),
        Field("bridge_class", "string", required=True),
        Field("creator", "string", required=True),
        Field("name", "string", required=True),
        Field("channels", "List[string]", required=True),
        Field("video_mode", "string"),
        Field("video_source_id", "string"),
        Field("creationtime", "Date", required=True),
        Field("bridgevars", "object"),
    )),
    Model("Dialed", None),
    Model("DialplanCEP", None, (
        Field("context", "string", required=True),
        Field("exten", "string", required=True),
        Field("priority", "long", required=True),
        Field("app_name", "string", required=True),
        Field("app_data", "string", required=True),
    )),
    Model("CallerID", None, (
        Field("name", "string", required=True),
        Field("number", "string", required=True),
    )),
    Model("RTPstat", None, (
        Field("txcount", "int", required=True),
        Field("rxcount", "int", required=True),
        Field("txjitter", "double"),
        Field("rxjitter", "double"),
        Field("remote_maxjitter", "double"),
        Field("remote_minjitter", "double"),
        Field("remote_normdevjitter", "double"),
        Field("remote_stdevjitter", "double"),
        Field("local_maxjitter", "double"),
        Field("local_minjitter", "double"),
        Field("local_normdevjitter", "double"),
        Field("local_stdevjitter", "double"),
        Field("txploss", "int", required=True),
        Field("rxploss", "int", required=True),
        Field("remote_maxrxploss", "double"),
        Field("remote_minrxploss", "double"),
        Field("remote_normdevrxploss", "double"),
        Field("remote_stdevrxploss", "double"),
        Field("local_maxrxploss", "double"),
        Field("local_minrxploss", "double"),
        Field("local_normdevrxploss", "double"),
        Field("local_stdevrxploss", "double"),
        Field("rtt", "double"),
        Field("maxrtt", "double"),
        Field("minrtt", "double"),
        Field("normdevrtt", "double"),
        Field("stdevrtt", "double"),
        Field("local_ssrc", "int", required=True),
        Field("remote_ssrc", "int", required=True),
        Field("txoctetcount", "int", required=True),
        Field("rxoctetcount", "int", required=True),
        Field("channel_uniqueid", "string", required=True),
    )),
    Model("Channel", None, (
        Field("id", "string", required=True),
        Field("protocol_id", "string", required=True),
        Field("name", "string", required=True),
        Field("state", "string", required=True, allowed=("Down", "Rsrved", "OffHook", "Dialing", "Ring", "Ringing", "Up", "Busy", "Dialing Offhook", "Pre-ring", "Unknown")),
        Field("caller", "CallerID", required=True),
        Field("connected", "CallerID", required=True),
        Field("accountcode", "string", required=True),
        Field("dialplan", "DialplanCEP", required=True),
        Field("creationtime", "Date", required=True),
        Field("language", "string", required=True),
        Field("channelvars", "object"),
        Field("caller_rdnis", "string"),
        Field("tenantid", "string"),
    )),
    Model("DeviceState", None, (
        Field("name", "string", required=True),
        Field("state", "string", required=True, allowed=("UNKNOWN", "NOT_INUSE", "INUSE", "BUSY", "INVALID", "UNAVAILABLE", "RINGING", "RINGINUSE", "ONHOLD")),
    )),
    Model("Endpoint", None, (
        Field("technology", "string", required=True),
        Field("resource", "string", required=True),
        Field("state", "string", allowed=("unknown", "offline", "online")),
        Field("channel_ids", "List[string]", required=True),
    )),
    Model("TextMessage", None, (
        Field("from", "string", required=True),
        Field("to", "string", required=True),
        Field("body", "string", required=True),
        Field("variables", "object"),
    )),
    Model("Message", None, (
        Field("type", "string", required=True),
        Field("asterisk_id", "string"),
    )),
    Model("MissingParams", "Message", (
        Field("params", "List[string]", required=True),
    )),
    Model("Event", "Message", (
        Field("application", "string", required=True),
        Field("timestamp", "Date", required=True),
    )),
    Model("ContactInfo", None, (
        Field("uri", "string", required=True),
        Field("contact_status", "string", required=True, allowed=("Unreachable", "Reachable", "Unknown", "NonQualified", "Removed")),
        Field("aor", "string", required=True),
        Field("roundtrip_usec", "string"),
    )),
    Model("Peer", None, (
        Field("peer_status", "string", required=True),
        Field("cause", "string"),
        Field("address", "string"),
        Field("port", "string"),
        Field("time", "string"),
    )),
    Model("DeviceStateChanged", "Event", (
        Field("device_state", "DeviceState", required=True),
    )),
    Model("PlaybackStarted", "Event", (
        Field("playback", "Playback", required=True),
    )),
    Model("PlaybackContinuing", "Event", (
        Field("playback", "Playback", required=True),
    )),
    Model("PlaybackFinished", "Event", (
        Field("playback", "Playback", required=True),
    )),
    Model("RecordingStarted", "Event", (
        Field("recording", "LiveRecording", required=True),
    )),
    Model("RecordingFinished", "Event", (
        Field("recording", "LiveRecording", required=True),
    )),
    Model("RecordingFailed", "Event", (
        Field("recording", "LiveRecording", required=True),
    )),
    Model("ApplicationMoveFailed", "Event", (
        Field("channel", "Channel", required=True),
        Field("destination", "string", required=True),
        Field("args", "List[string]", required=True),
    )),
    Model("ApplicationRegistered", "Event"),
    Model("ApplicationUnregistered", "Event"),
    Model("ApplicationReplaced", "Event"),
    Model("BridgeCreated", "Event", (
        Field("bridge", "Bridge", required=True),
    )),
    Model("BridgeDestroyed", "Event", (
        Field("bridge", "Bridge", required=True),
    )),
    Model("BridgeMerged", "Event", (
        Field("bridge", "Bridge", required=True),
        Field("bridge_from", "Bridge", required=True),
    )),
    Model("BridgeVideoSourceChanged", "Event", (
        Field("bridge", "Bridge", required=True),
        Field("old_video_source_id", "string"),
    )),
    Model("BridgeBlindTransfer", "Event", (
        Field("channel", "Channel", required=True),
        Field("replace_channel", "Channel"),
        Field("transferee", "Channel"),
        Field("exten", "string", required=True),
        Field("context", "string", required=True),
        Field("result", "string", required=True),
        Field("is_external", "boolean", required=True),
        Field("bridge", "Bridge"),
    )),
    Model("BridgeAttendedTransfer", "Event", (
        Field("transferer_first_leg", "Channel", required=True),
        Field("transferer_second_leg", "Channel", required=True),
        Field("replace_channel", "Channel"),
        Field("transferee", "Channel"),
        Field("transfer_target", "Channel"),
        Field("result", "string", required=True),
        Field("is_external", "boolean", required=True),
        Field("transferer_first_leg_bridge", "Bridge"),
        Field("transferer_second_leg_bridge", "Bridge"),
        Field("destination_type", "string", required=True),
        Field("destination_bridge", "string"),
        Field("destination_application", "string"),
        Field("destination_link_first_leg", "Channel"),
        Field("destination_link_second_leg", "Channel"),
        Field("destination_threeway_channel", "Channel"),
        Field("destination_threeway_bridge", "Bridge"),
    )),
    Model("ChannelCreated", "Event", (
        Field("channel", "Channel", required=True),
    )),
    Model("ChannelDestroyed", "Event", (
        Field("cause", "int", required=True),
        Field("cause_txt", "string", required=True),
        Field("tech_cause", "int"),
        Field("channel", "Channel", required=True),
    )),
    Model("ChannelEnteredBridge", "Event", (
        Field("bridge", "Bridge", required=True),
        Field("channel", "Channel"),
    )),
    Model("ChannelLeftBridge", "Event", (
        Field("bridge", "Bridge", required=True),
        Field("channel", "Channel", required=True),
    )),
    Model("ChannelStateChange", "Event", (
        Field("channel", "Channel", required=True),
    )),
    Model("ChannelDtmfReceived", "Event", (
        Field("digit", "string", required=True),
        Field("duration_ms", "int", required=True),
        Field("channel", "Channel", required=True),
    )),
    Model("ChannelDialplan", "Event", (
        Field("channel", "Channel", required=True),
        Field("dialplan_app", "string", required=True),
        Field("dialplan_app_data", "string", required=True),
    )),
    Model("ChannelCallerId", "Event", (
        Field("caller_presentation", "int", required=True),
        Field("caller_presentation_txt", "string", required=True),
        Field("channel", "Channel", required=True),
    )),
    Model("ChannelUserevent", "Event", (
        Field("eventname", "string", required=True),
        Field("channel", "Channel"),
        Field("bridge", "Bridge"),
        Field("endpoint", "Endpoint"),
        Field("userevent", "object", required=True),
    )),
    Model("ChannelHangupRequest", "Event", (
        Field("cause", "int"),
        Field("tech_cause", "int"),
        Field("soft", "boolean"),
        Field("channel", "Channel", required=True),
    )),
    Model("ChannelVarset", "Event", (
        Field("variable", "string", required=True),
        Field("value", "string", required=True),
        Field("channel", "Channel"),
    )),
    Model("ChannelHold", "Event", (
        Field("channel", "Channel", required=True),
        Field("musicclass", "string"),
    )),
    Model("ChannelUnhold", "Event", (
        Field("channel", "Channel", required=True),
    )),
    Model("ChannelToneDetected", "Event", (
        Field("channel", "Channel", required=True),
    )),
    Model("ChannelTalkingStarted", "Event", (
        Field("channel", "Channel", required=True),
    )),
    Model("ChannelTalkingFinished", "Event", (
        Field("channel", "Channel", required=True),
        Field("duration", "int", required=True),
    )),
    Model("ContactStatusChange", "Event", (
        Field("endpoint", "Endpoint", required=True),
        Field("contact_info", "ContactInfo", required=True),
    )),
    Model("PeerStatusChange", "Event", (
        Field("endpoint", "Endpoint", required=True),
        Field("peer", "Peer", required=True),
    )),
    Model("EndpointStateChange", "Event", (
        Field("endpoint", "Endpoint", required=True),
    )),
    Model("Dial", "Event", (
        Field("caller", "Channel"),
        Field("peer", "Channel", required=True),
        Field("forward", "string"),
        Field("forwarded", "Channel"),
        Field("dialstring", "string"),
        Field("dialstatus", "string", required=True),
    )),
    Model("StasisEnd", "Event", (
        Field("channel", "Channel", required=True),
    )),
    Model("StasisStart", "Event", (
        Field("args", "List[string]", required=True),
        Field("channel", "Channel", required=True),
        Field("replace_channel", "Channel"),
    )),
    Model("TextMessageReceived", "Event", (
        Field("message", "TextMessage", required=True),
        Field("endpoint", "Endpoint"),
    )),
    Model("ChannelConnectedLine", "Event", (
        Field("channel", "Channel", required=True),
    )),
    Model("ChannelTransfer", "Event", (
        Field("state", "string"),
        Field("refer_to", "ReferTo", required=True),
        Field("referred_by", "ReferredBy", required=True),
    )),
    Model("ReferTo", None, (
        Field("requested_destination", "RequiredDestination", required=True),
        Field("destination_channel", "Channel"),
        Field("connected_channel", "Channel"),
        Field("bridge", "Bridge"),
    )),
    Model("ReferredBy", None, (
        Field("source_channel", "Channel", required=True),
        Field("connected_channel", "Channel"),
        Field("bridge", "Bridge"),
    )),
    Model("RequiredDestination", None, (
        Field("protocol_id", "string"),
        Field("destination", "string"),
        Field("additional_protocol_params", "List[AdditionalParam]"),
    )),
    Model("AdditionalParam", None, (
        Field("parameter_name", "string", required=True),
        Field("parameter_value", "string", required=True),
    )),
    Model("RESTHeader", None, (
        Field("name", "string", required=True),
        Field("value", "string", required=True),
    )),
    Model("RESTQueryStringParameter", None, (
        Field("name", "string", required=True),
        Field("value", "string", required=True),
    )),
    Model("RESTRequest", None, (
        Field("type", "string", required=True),
        Field("transaction_id", "string", required=True),
        Field("request_id", "string", required=True),
        Field("method", "string", required=True),
        Field("uri", "string", required=True),
        Field("content_type", "string"),
        Field("query_strings", "List[RESTQueryStringParameter]"),
        Field("message_body", "string"),
    )),
    Model("RESTResponse", "Event", (
        Field("transaction_id", "string", required=True),
        Field("request_id", "string", required=True),
        Field("status_code", "int", required=True),
        Field("reason_phrase", "string", required=True),
        Field("uri", "string", required=True),
        Field("content_type", "string"),
        Field("message_body", "string"),
    )),
    Model("CallBroadcast", "Event", (
        Field("channel", "Channel", required=True),
        Field("caller", "string"),
        Field("called", "string"),
    )),
    Model("CallClaimed", "Event", (
        Field("channel", "Channel", required=True),
        Field("winner_app", "string", required=True),
    )),
    Model("Mailbox", None, (
        Field("name", "string", required=True),
        Field("old_messages", "int", required=True),
        Field("new_messages", "int", required=True),
    )),
    Model("Playback", None, (
        Field("id", "string", required=True),
        Field("media_uri", "string", required=True),
        Field("next_media_uri", "string"),
        Field("target_uri", "string", required=True),
        Field("language", "string"),
        Field("state", "string", required=True, allowed=("queued", "playing", "continuing", "done", "failed")),
    )),
    Model("StoredRecording", None, (
        Field("name", "string", required=True),
        Field("format", "string", required=True),
    )),
    Model("LiveRecording", None, (
        Field("name", "string", required=True),
        Field("format", "string", required=True),
        Field("target_uri", "string", required=True),
        Field("state", "string", required=True, allowed=("queued", "recording", "paused", "done", "failed", "canceled")),
        Field("duration", "int"),
        Field("talking_duration", "int"),
        Field("silence_duration", "int"),
        Field("cause", "string"),
    )),
    Model("FormatLangPair", None, (
        Field("language", "string", required=True),
        Field("format", "string", required=True),
    )),
    Model("Sound", None, (
        Field("id", "string", required=True),
        Field("text", "string"),
        Field("formats", "List[FormatLangPair]", required=True),
    )),
)
# fmt: on
