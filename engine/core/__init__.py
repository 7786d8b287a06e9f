"""What decides: plain data in, decisions out. No I/O, no clock, no chance, no asyncio."""
