"""Objects at locations: the contract, and what implements it."""
