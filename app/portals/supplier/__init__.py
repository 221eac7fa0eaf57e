"""Pages of suppliers: find a lot, choose freely, apply, pay, follow."""
