"""SIPp scenarios against a running site, and the comparison with its contact records."""
