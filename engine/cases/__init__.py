"""Calls that nobody places: cases an admin writes, what they reach of the flows, and stored calls walked again."""
