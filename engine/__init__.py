"""Quietline: an IVR and ACD engine on Asterisk."""
