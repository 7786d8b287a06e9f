"""Sound from Asterisk."""
