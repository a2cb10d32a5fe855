"""The office: money that needs a person, letters that could not be sent, and whether all work gets done."""
