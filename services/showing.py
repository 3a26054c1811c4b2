"""Show a letter: its facts and its text. Every reading is journaled."""

from __future__ import annotations

from models import Actor, Source
from models.access import held_tokens
from models.chain import record
from services.house import House
from services.indexing import texts_of
from services.view import Json, document_json, find_document, source_json
from services.viewing import spelled_out


def show(house: House, actor: Actor, id: str, *, with_text: bool = False, purpose: str = "") -> Json:
    """A Document (or a Source without Documents) as JSON, with ``text`` when asked for, and ``why``: the Route's
    reasons with ids and places spelled out.

    Raises: NotFound for an unknown id and for one that the actor may not see.
    """
    with house.database.read() as session:
        found = find_document(session, actor, id)
        if isinstance(found, Source):
            return {**source_json(found), "details": found.reason_details, "text": None, "why": []}
        answer = {
            **document_json(session, found, held_tokens(session, actor)),
            "details": found.reason_details,
            "text": None,
        }
        archived = found.object_path is not None
        texts = texts_of(house, found.id) if archived else []
        reasons = [dict(reason) for reason in found.route.reasons] if found.route else []
        answer["why"] = [spelled_out(session, reason, texts) for reason in reasons if reason["code"] != "similar"]
    if with_text and archived:
        answer["text"] = "\f\n".join(texts)
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
