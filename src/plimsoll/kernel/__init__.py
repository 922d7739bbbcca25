"""The ground floor: errors, digests, time and names. No I/O, and nothing here knows what Plimsoll is about.

Each module is a door of its own: `errors`, `digest`, `clock`, `ids`, `money`, `statistics`, `words`, `signing`, `dsse`,
`mention`.
"""
