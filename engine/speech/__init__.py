"""Recognisers: what hears callers' words. `port` is what the rest of the engine knows of them."""
