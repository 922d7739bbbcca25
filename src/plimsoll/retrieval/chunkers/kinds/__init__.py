"""The built-in kinds of chunkers, one in each module; `plimsoll.retrieval.chunkers` chooses and checks."""
