"""What `make` calls: set-up, static files, the message catalogue. Nothing here is part of the running application."""
