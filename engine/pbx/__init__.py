"""The private Asterisk: where it comes from, its rendered configuration, start and stop, the doctor."""
