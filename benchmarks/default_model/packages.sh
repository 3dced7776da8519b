#!/bin/sh
# Fetch and unpack Debian's packages with music without vocals, with sung metal, and with spoken words.
#     sh benchmarks/default_model/packages.sh FOLDER
set -e
mkdir -p "$1"
cd "$1"
for package in drascula-music extremetuxracer-data flare-game fretsonfire-songs-muldjord fretsonfire-songs-sectoid \
    hedgewars-data hyperrogue-music ktuberling-data marsshooter-data nexuiz-music planetblupi-music-ogg \
    singularity-music supertux-data ufoai-music warzone2100-music wesnoth-1.16-music; do
    [ -d "$package" ] && continue
    apt-get download -qq "$package"
    dpkg-deb -x "$package"_*.deb "$package"
    rm "$package"_*.deb
done
for package in ufoai-music nexuiz-music; do # their music is in zip archives
    find "$package" -name '*.pk3' -exec python3 -m zipfile -e {} "$package/unzipped" \;
done
