"""Control words of RTF, by what they mean for the text."""

from __future__ import annotations

UNREAD = frozenset(
    (
        "colortbl pict themedata colorschememapping datastore latentstyles listtable "
        "listoverridetable generator xmlnstbl rsidtbl objdata objclass shprslt "
        "nonshppict filetbl revtbl pgdsctbl bkmkstart bkmkend atnid atnauthor atndate "
        "falt panose mmathPr template private passwordhash userprops author operator "
        "keywords doccomm company subject creatim revtim printim buptim category manager "
        # Marks of entries of an index or a table of contents.
        "xe rxe tc tcn"
    ).split()
)
KNOWN = frozenset(
    "shpinst shptxt annotation footnote shppict picprop ftnalt fldinst fldrslt ud".split()
)
"""Groups that contain text, although programs may ignore them."""

APART = frozenset(
    (
        "footnote annotation shptxt header headerl headerr headerf footer footerl footerr footerf"
    ).split()
)
"""Groups whose text is separate from the paragraph around them."""

NUMBERS = frozenset("listtext pntext".split())
"""Groups that contain a paragraph's number, with their own format."""

CHARACTERS = {
    **dict.fromkeys(("tab", "cell", "nestcell"), "\t"),
    **{"line": "\n", "lbr": "\n", "emdash": "—", "endash": "–", "bullet": "•"},
    **{"lquote": "‘", "rquote": "’", "ldblquote": "“", "rdblquote": "”"},
    **dict.fromkeys(("emspace", "enspace", "qmspace"), " "),
}
PARAGRAPH_ENDS = frozenset("par sect page softpage column".split())
CODE_PAGES = {
    **{
        0: "cp1252",
        77: "mac_roman",
        128: "cp932",
        129: "cp949",
        130: "johab",
        134: "gb18030",
        136: "big5",
    },
    **{161: "cp1253", 162: "cp1254", 163: "cp1258", 177: "cp1255", 178: "cp1256", 186: "cp1257"},
    **{204: "cp1251", 222: "cp874", 238: "cp1250", 254: "cp437", 255: "cp850"},
}
"""Encodings of fonts' character sets; other fonts use the file's encoding."""

SYMBOL_SET = 2
"""The character set of fonts such as Symbol."""

COLLECTED = frozenset("fonttbl stylesheet title sn sv fldinst".split())
"""Groups whose text describes something else; it is processed where they end."""

DESCRIPTIONS = frozenset("wzDescription gtextUNICODE".split())
"""Properties of drawings that are text: alternative text and WordArt."""
