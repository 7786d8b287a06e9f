"""ARI: the telephony seam (`transport`), the websocket pool behind it, a typed client, Asterisk's description."""
