"""Pages of institutions: underwriting queue, decisions, products, policies, letters."""
