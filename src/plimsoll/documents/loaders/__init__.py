"""One loader per kind of file. Each has `VERSION` (raise it when the same bytes give another text) and `read`."""
