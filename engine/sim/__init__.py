"""A simulated Asterisk that speaks ARI in virtual time, the people who call in, and their twin for a real one."""
