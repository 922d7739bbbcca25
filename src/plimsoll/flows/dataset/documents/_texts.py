"""The texts of a knowledge base, as the build before remembers them."""

from plimsoll.documents import Document, LoadSettings, decode_document
from plimsoll.project import Project

from ...build import BuildParts
from ...build.loading import find_files, open_sources
from ._errors import NoTextsError


def documents_of(name: str, project: Project, parts: BuildParts) -> dict[str, Document]:
    """The documents that everybody may find, by their paths. Raises NoTextsError, and what reading a source raises.

    What only some groups may find is left out: a file of questions and answers has no readers of its own.
    """
    knowledge = project.knowledge[name]
    load = knowledge.load
    settings = LoadSettings(
        ocr=load.ocr, ocr_languages=tuple(load.ocr_languages), max_file_mb=load.max_file_mb, max_pages=load.max_pages
    )
    sources = open_sources(project.root, knowledge, cache=parts.cache, resolve=parts.resolve)
    files, _ = find_files(sources, settings, lambda _done, _total: None)
    known = parts.cache.get("load", [file.key for file in files])
    found = {file.path: decode_document(known[file.key]) for file in files if file.key in known and "*" in file.access}
    if not found:
        raise NoTextsError(name)
    return found
