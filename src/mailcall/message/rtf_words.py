"""What the words and symbols of RTF stand for, and how its bytes fall into tokens."""

import re

CHARSETS = {  # \fcharset of a font: its code page
    0: "cp1252",
    77: "mac-roman",
    128: "cp932",
    129: "cp949",
    130: "johab",
    134: "gb18030",
    136: "cp950",
    161: "cp1253",
    162: "cp1254",
    163: "cp1258",
    177: "cp1255",
    178: "cp1256",
    186: "cp1257",
    204: "cp1251",
    222: "cp874",
    238: "cp1250",
    254: "cp437",
    255: "cp850",
}
SYMBOL_CHARSET = 2

CHARACTERS = {
    b"par": "\n",
    b"line": "\n",
    b"sect": "\n",
    b"page": "\n",
    b"row": "\n",
    b"nestrow": "\n",
    b"tab": "\t",
    b"cell": "\t",
    b"nestcell": "\t",
    b"emdash": "\u2014",
    b"endash": "\u2013",
    b"emspace": "\u2003",
    b"enspace": "\u2002",
    b"lquote": "\u2018",
    b"rquote": "\u2019",
    b"ldblquote": "\u201c",
    b"rdblquote": "\u201d",
    b"bullet": "\u2022",
}
SYMBOLS = {
    b"\\": "\\",
    b"{": "{",
    b"}": "}",
    b"~": "\xa0",
    b"-": "\xad",
    b"_": "\u2011",
    b"\n": "\n",
    b"\r": "\n",
}

# Destinations that hold no text of the body, beside all that begin with \*.
LEFT_OUT = frozenset(
    b"colortbl stylesheet info pict nonshppict filetbl header headerl headerr headerf footer footerl footerr "
    b"footerf footnote annotation xe tc private template title author objdata bkmkstart bkmkend".split()
)
_OBEYED = frozenset(
    b"ansicpg bin deff f fcharset fldinst fldrslt fonttbl fromhtml fromtext htmltag plain uc v".split()
)
KNOWN = frozenset([*CHARACTERS, *LEFT_OUT, *_OBEYED])

# The numbers of the groups of TOKEN.
WORD, NUMBER, TAG, BRACE, TEXT, HEX, UNICODE, RICH, SYMBOL = range(1, 10)
# Rich text that the HTML has not, without what counts beyond it: a group, a font, how Unicode is written.
_RICH = rb"(?>[^{}\\]*(?:\\(?!htmlrtf|bin|f[0-9]|uc[0-9]|plain)[^{}\\][^{}\\]*)*)"
TOKEN = re.compile(
    rb"\\(?!u-?[0-9]|htmlrtf)([A-Za-z]{1,32})(-?[0-9]{1,10})? ?"
    rb"|\{\\\*\\htmltag[0-9]{0,10} ?([^\\{}\r\n]*+)\}"  # whole, when nothing in it is escaped
    rb"|([{}])"
    rb"|([^\\{}\r\n]+)"
    rb"|((?:\\'[0-9A-Fa-f]{2})+)"
    rb"|((?:\\u-?[0-9]{1,10} ?(?:\?|\\'[0-9A-Fa-f]{2})?){1,100})"
    rb"|\\htmlrtf1?(?![A-Za-z0-9-])"
    + _RICH
    + rb"([{}]?)"
    + _RICH
    + rb"\\htmlrtf0 ?"  # from where it begins to where it ends
    rb"|\\(htmlrtf[01]? ?|.?)"
    rb"|[\r\n]+",  # means nothing
    re.DOTALL,
)
# One character of a run of UNICODE: its number, and what stands in for it.
CHARACTER = re.compile(rb"\\u(-?[0-9]+) ?(\?|\\'(..))?")
# In a destination that is left out, only what can end it matters; \bin hides so many bytes of anything.
BOUND = re.compile(rb"([{}])|\\(?:bin([0-9]{1,10}) ?|.)", re.DOTALL)
LINK = re.compile(r'HYPERLINK\s+"?([^"\s]{1,2000})')
