"""The console: pages that the server writes, for people with a browser. No JavaScript, nothing from other servers.

Views (`_home`, `_trace`) turn records into the texts that a page shows; templates only place them, escaped.
"""

from ._pages import console_routes, error_page

__all__ = ["console_routes", "error_page"]
