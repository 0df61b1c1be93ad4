"""Suffixes of binary files."""

from __future__ import annotations

BINARY_SUFFIXES = frozenset(
    (
        # images, audio, video
        ".gif .ico .icns .heic .heif .avif .psd .eps "
        ".svgz .cr2 .nef .xcf .mp3 .wav .flac .ogg .oga .opus .m4a .aac .wma .aiff .mid "
        ".midi .mp4 .m4v .mkv .mov .avi .wmv .flv .webm .mpg .mpeg .3gp "
        # archives and disk images
        ".zip .gz .tgz .bz2 .tbz2 .xz .txz .zst .lz .lz4 .lzma .7z .rar .tar .cab .iso .img .dmg "
        ".deb .rpm .apk .jar .war .ear .whl .egg .crx .xpi "
        # executables, objects, caches
        ".exe .dll .so .dylib .a .o .obj .ko .bin .elf .msi .class .pyc .pyo .pyd .wasm "
        ".beam .pdb .ilk .dwo .rlib .rmeta .node "
        # unsupported office documents, mail stores, fonts
        ".xlsb .pages .numbers .one .vsd .vsdx .msg "
        ".mobi .azw .azw3 .djvu .pst .ost .ttf .otf .woff .woff2 .eot .pfb "
        # databases, arrays, models
        ".sqlite .sqlite3 .db .db3 .mdb .accdb .dbf .ibd .parquet .feather .arrow .orc .avro "
        ".h5 .hdf5 .npy .npz .pkl .pickle .joblib .rds .rdata .pt .pth .ckpt .onnx .safetensors "
        ".gguf .ggml .tflite .hnsw .faiss .swp .swo .pack .keystore .jks .p12 .pfx "
        ".der .gpg"
    ).split()
)
"""Files that no reader supports; they are refused without being opened."""

OLD_OFFICE_SUFFIXES = frozenset(".doc .dot .xls .xlt .ppt .pps".split())
"""Suffixes of Office formats from before 2007. No reader supports those, but a file with such a
suffix often has another format."""
