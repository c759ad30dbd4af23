"""The public face: a fake Skyvern that takes requests and gives answers, without I/O."""
