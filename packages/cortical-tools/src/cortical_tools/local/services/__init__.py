"""The services of CAVE that a snapshot answers for, one module each."""
