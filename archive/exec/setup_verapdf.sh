#!/bin/sh
# Puts veraPDF under DIR (default: share/aktenlotse/verapdf of the venv given by VIRTUAL_ENV): DIR/lib (our class
# in it as aktenlotse-validator.jar) and DIR/verapdf.jsa (class data archive: the first verdict in half the time). Idempotent; needs no net once it was done.
# usage: setup_verapdf.sh [DIR]      needs: mvn (first time only), javac, jar and java 17
set -eu
here=$(cd "$(dirname "$0")" && pwd)
target=${1:-${VIRTUAL_ENV:?give DIR or activate the venv}/share/aktenlotse/verapdf}
stamp=$(cat "$here/pom.xml" "$here/Validator.java" "$0" | sha256sum | cut -c1-64)
if [ "$(cat "$target/stamp" 2>/dev/null)" = "$stamp" ]; then
    exit 0
fi
mkdir -p "$target/classes"
target=$(cd "$target" && pwd)
rm -rf "$target/lib" "$target/stamp" "$target/verapdf.jsa"
copy="mvn -q -B -f $here/pom.xml dependency:copy-dependencies -DoutputDirectory=$target/lib -DincludeScope=runtime"
$copy -o 2>/dev/null || $copy
javac -nowarn -cp "$target/lib/*" -d "$target/classes" "$here/Validator.java"
jar --create --file "$target/lib/aktenlotse-validator.jar" -C "$target/classes" .
sample=$(printf '%s' "$here/../data/sample.pdf" | sed 's/ /%20/g')
classpath=$(printf '%s:' "$target"/lib/*.jar)
printf 'auto\t%s\n2u\t%s\n' "$sample" "$sample" |
    java -Xmx512m -XX:+UseSerialGC -XX:ArchiveClassesAtExit="$target/verapdf.jsa" \
        -cp "$classpath" Validator >/dev/null 2>&1 || rm -f "$target/verapdf.jsa"
printf '%s' "$stamp" >"$target/stamp"
