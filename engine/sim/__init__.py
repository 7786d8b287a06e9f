"""A simulated Asterisk that speaks ARI on a virtual clock."""
