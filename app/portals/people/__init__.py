"""Pages of people and rights: signing in, joining, one's account, one's colleagues, admission."""
