"""The home page, help, the language, and /healthz."""
