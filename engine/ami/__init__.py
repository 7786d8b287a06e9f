"""Asterisk's manager interface (AMI): which phones can be reached. Calls do not need it."""
