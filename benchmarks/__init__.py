"""What the kit costs, measured beside what one would use instead."""
