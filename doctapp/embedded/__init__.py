"""The embedded default: web, worker, sweep and Valkey as one process tree on this machine, for `python -m doctapp`."""
