"""Signing keys behind one protocol; software keys today, tokens and remote signing later."""
