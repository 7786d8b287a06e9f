"""The Asterisk modules a call needs, in groups; nothing else is loaded (docs/decisions tells why)."""

from __future__ import annotations

SORCERY = ("res_sorcery_config", "res_sorcery_memory", "res_sorcery_astdb")
SIP = (
    "res_pjproject",
    "res_pjsip",
    "res_pjsip_session",
    "res_pjsip_pubsub",
    "res_pjsip_sdp_rtp",
    "res_pjsip_caller_id",
    "res_pjsip_endpoint_identifier_ip",
    "res_pjsip_authenticator_digest",
    "res_pjsip_outbound_authenticator_digest",
    "res_pjsip_outbound_registration",
    "res_pjsip_registrar",
    "res_pjsip_nat",
    "res_pjsip_dtmf_info",
    "res_pjsip_rfc3326",
    "res_pjsip_refer",
    "res_pjsip_header_funcs",
    "chan_pjsip",
)
MEDIA = (
    "res_timing_timerfd",
    "res_rtp_asterisk",
    "res_manager_devicestate",
    "codec_ulaw",
    "codec_alaw",
    "codec_a_mu",
    "codec_resample",
    "format_wav",
    "format_pcm",
    "format_sln",
    "res_musiconhold",
    "bridge_simple",
    "bridge_native_rtp",
    "bridge_holding",
    "bridge_softmix",
)
ARI = (
    "res_http_websocket",
    "res_websocket_client",
    "chan_websocket",
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
)
DIALPLAN = ("pbx_config", "app_stasis", "func_callerid", "func_strings", "res_speech", "res_agi")

MODULES = (*SORCERY, *SIP, *MEDIA, *ARI, *DIALPLAN)
