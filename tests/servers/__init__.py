"""The outside world on loopback: real servers with switches for bad days."""
