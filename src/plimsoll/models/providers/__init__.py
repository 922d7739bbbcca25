"""Built-in providers, one a file: language models and embedders behind the ports of the room."""
