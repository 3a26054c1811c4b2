#!/usr/bin/env bash
# tantivy (Python) 0.27.0, tokenizer "default": German compounds are long. Expected: a long word is found, or finds
# nothing. Seen: words of 40 bytes and more are dropped from the text AND from the question, so the word alone finds
# nothing although it stands there, and "this AND that long word" finds every letter with "this".
source "$(dirname "$0")/_venv.sh"
with_packages tantivy==0.27.0
python - <<'PY'
import tantivy

LONG = "Grundstuecksverkehrsgenehmigungszustaendigkeit"
schema = tantivy.SchemaBuilder()
schema.add_text_field("body", tokenizer_name="default")
index = tantivy.Index(schema.build())
writer = index.writer(15_000_000, 1)
for text in (f"Antrag {LONG}", "Antrag", "Antrag auf Auskunft"):
    letter = tantivy.Document()
    letter.add_text("body", text)
    writer.add_document(letter)
writer.commit()
index.reload()


def count(question):
    return index.searcher().search(index.parse_query(question), 10).count


seen = count(f"body:{LONG}"), count(f"+body:Antrag +body:{LONG}"), count("+body:Antrag +body:Auskunft")
print(f"tantivy 0.27.0: the long word alone {seen[0]}, with AND {seen[1]} of 3, a short word with AND {seen[2]}")
assert seen == (0, 3, 1)
PY
