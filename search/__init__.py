"""Search: entries in, hits out. One contract, three engines: tantivy (embedded), Elasticsearch, memory.

The index is disposable: it is never the only copy of anything. Permission is part of every question.
"""

from search.opening import MemoryIndex, open_index
from search.port import (
    Entry,
    Explanation,
    Hit,
    Hits,
    Place,
    Query,
    SearchIndex,
    WordFinding,
)
from search.snippets import Snippet, snippet

__all__ = [
    "Entry",
    "Explanation",
    "Hit",
    "Hits",
    "MemoryIndex",
    "Place",
    "Query",
    "SearchIndex",
    "Snippet",
    "WordFinding",
    "open_index",
    "snippet",
]
