"""The outside world: each gateway is a folder of a protocol, its vendors and its sandbox."""
