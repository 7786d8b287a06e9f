"""One task per contact: carries out what the interpreter yields."""
