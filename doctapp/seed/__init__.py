"""The demo world: people and places of Bangladesh as plain values, written to rows elsewhere."""
