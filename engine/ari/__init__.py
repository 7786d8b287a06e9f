"""Asterisk's REST interface: the one telephony seam (`AriTransport`), a typed client over it, and events generated from Asterisk's own description."""
