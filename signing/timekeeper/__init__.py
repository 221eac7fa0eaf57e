"""The timekeeper: holds opening keys and releases shares after T, not before (sealing.md).

A process of its own with its own user, key store, clock and journal; see __main__.py. Others use
`client.TimekeeperClient`, tests may use `double.make_double`; both are a `protocol.Timekeeper`.
"""
