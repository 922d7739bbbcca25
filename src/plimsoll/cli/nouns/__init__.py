"""Commands about one kind of thing each; `plimsoll.cli` joins them."""
