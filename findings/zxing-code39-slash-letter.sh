#!/usr/bin/env bash
# zxing-cpp 3.1.1: a file reference such as "22/A17" printed as Code 39 (ISO/IEC 16388; "/" and letters are in its plain
# set). Expected: the text that was printed. Seen: "22!17", also when only Code39 is asked for: the optional full ASCII
# pairs ("/A" is "!") are applied to every label that could be one. BarcodeFormat.Code39Std reads what stands there.
source "$(dirname "$0")/_venv.sh"
with_packages zxing-cpp==3.1.1 numpy
python - <<'PY'
import numpy as np
import zxingcpp

kinds = zxingcpp.BarcodeFormat
seen = {}
for text in ("22/A17", "AZ 50.2/K4", "12/34"):
    label = np.asarray(zxingcpp.create_barcode(text, kinds.Code39).to_image(scale=3))
    seen[text] = [zxingcpp.read_barcodes(label, formats=kind)[0].text for kind in (kinds.Code39, kinds.Code39Std)]
print(f"zxing-cpp 3.1.1, asked for Code39 and for Code39Std: {seen}")
assert seen == {
    "22/A17": ["22!17", "22/A17"], "AZ 50.2/K4": ["AZ 50.2+4", "AZ 50.2/K4"], "12/34": ["12/34", "12/34"]
}
PY
