"""skyvern-testkit: a Skyvern that lives in memory, does what tests script, on virtual time."""
