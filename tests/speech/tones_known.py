"""`engine.speech.known` for the language of tones."""

from __future__ import annotations

import json
import sys

from tones import HERTZ

print(json.dumps([word for word in json.load(sys.stdin) if word not in HERTZ]))
