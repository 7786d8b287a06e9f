"""The last-resort script that Asterisk runs when no engine answers."""
