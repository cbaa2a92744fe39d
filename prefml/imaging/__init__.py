"""Pictures in: one decode, many measurements."""
