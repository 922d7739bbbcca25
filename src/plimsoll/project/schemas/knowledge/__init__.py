"""What may stand in `knowledge/*.yaml`; one module for each section."""

from ._definition import KnowledgeDefinition

__all__ = ["KnowledgeDefinition"]
