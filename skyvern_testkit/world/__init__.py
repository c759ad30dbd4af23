"""The state of a fake Skyvern: rows, what is due, the run machine. It moves only when told to."""
