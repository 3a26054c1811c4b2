"""Show a letter: its facts and its text. Every reading is journaled."""

from __future__ import annotations

from models import Actor, Source
from models.chain import record
from services.house import House
from services.indexing import texts_of
from services.view import Json, document_json, find_document, source_json


def show(house: House, actor: Actor, id: str, *, with_text: bool = False, purpose: str = "") -> Json:
    """A Document (or a Source without Documents) as JSON, with ``text`` when asked for.

    Raises: NotFound for an unknown id and for one that the actor may not see.
    """
    with house.database.read() as session:
        found = find_document(session, actor, id)
        if isinstance(found, Source):
            return {**source_json(found), "details": found.reason_details, "text": None}
        answer = {**document_json(session, found), "details": found.reason_details, "text": None}
        archived = found.object_path is not None
    if with_text and archived:
        answer["text"] = "\f\n".join(texts_of(house, found.id))
    if not actor.is_system:
        with house.database.write() as session:
            record(
                session,
                actor,
                "document.read",
                "document",
                found.id,
                purpose=purpose,
                data={"text": with_text},
            )
    return answer
