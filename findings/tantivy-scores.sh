#!/usr/bin/env bash
# tantivy (Python) 0.27.0, two surprises of its BM25. (1) A field with index_option "basic" keeps no frequencies, but
# its length still counts: a text with the word three times scores lower than one with the word once. (2) Documents in
# which a field is empty count as documents of that field: the same five senders score 3.8 times higher when 95 letters
# without a sender lie beside them (Lucene, as in Elasticsearch, counts the documents that have the field).
source "$(dirname "$0")/_venv.sh"
with_packages tantivy==0.27.0
python - <<'PY'
import tantivy


def scores(option, texts, word):
    schema = tantivy.SchemaBuilder()
    schema.add_text_field("t", tokenizer_name="default", index_option=option)
    index = tantivy.Index(schema.build())
    writer = index.writer(15_000_000, 1)
    for text in texts:
        document = tantivy.Document()
        document.add_text("t", text)
        writer.add_document(document)
    writer.commit()
    index.reload()
    return [round(score, 4) for score, _ in index.searcher().search(index.parse_query(f"t:{word}"), 10).hits]


basic, counted = (scores(option, ["Hund", "Hund Hund Hund"], "Hund") for option in ("basic", "freq"))
alone = scores("position", ["Wasserwerk Nord"] * 5, "Nord")
beside = scores("position", ["Wasserwerk Nord"] * 5 + [""] * 95, "Nord")
print(f"tantivy 0.27.0: once and three times {basic} with basic, {counted} with freq; "
      f"five senders {alone[0]}, beside 95 letters without one {beside[0]}")
assert max(basic) / min(basic) > 1.3 and max(counted) / min(counted) < 1.3
assert beside[0] / alone[0] > 3
PY
