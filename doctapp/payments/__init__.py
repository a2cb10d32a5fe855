"""Money: attempts to pay, what the gateways said of them, refunds, receipts, and what differs between them and us."""
