"""How often languages use their letters beyond ASCII: what a guess at a charset goes by.

Letters stand in the order of their frequency in running text, all lower case where there are cases. The
orders are rough; they need only tell a text from the same bytes in another charset.
"""

from typing import NamedTuple


class Alphabet(NamedTuple):
    """A language, its letters beyond ASCII, most frequent first, and the group it belongs to."""

    language: str
    letters: str
    group: str


_WESTERN, _CENTRAL, _BALTIC, _CYRILLIC = "Western European", "Central European", "Baltic", "Cyrillic"
CODECS = {
    _WESTERN: ("cp1252",),
    _CENTRAL: ("cp1250", "iso8859_2"),
    "Turkish": ("cp1254",),
    _BALTIC: ("cp1257",),
    _CYRILLIC: ("cp1251", "koi8_r", "koi8_u", "iso8859_5", "cp866"),
    "Greek": ("cp1253", "iso8859_7"),
    "Hebrew": ("cp1255",),
    "Arabic": ("cp1256", "iso8859_6"),
    "Thai": ("cp874",),
}
LATIN = frozenset({_WESTERN, _CENTRAL, "Turkish", _BALTIC})

ALPHABETS = (
    Alphabet("German", "üäöß", _WESTERN),
    Alphabet("French", "éèàêçôîùûâïëœ", _WESTERN),
    Alphabet("Spanish", "óíáéñúü", _WESTERN),
    Alphabet("Portuguese", "ãçáéóêíõúâàô", _WESTERN),
    Alphabet("Italian", "èàùòìé", _WESTERN),
    Alphabet("Swedish", "äåöé", _WESTERN),
    Alphabet("Danish", "øåæé", _WESTERN),
    Alphabet("Dutch", "ëéïèöü", _WESTERN),
    Alphabet("Catalan", "éàòóíèçúïü", _WESTERN),
    Alphabet("Icelandic", "ðáíóþæöéúý", _WESTERN),
    Alphabet("Polish", "ąęłóśżćńź", _CENTRAL),
    Alphabet("Czech", "íáéěřžýčšůúňťďó", _CENTRAL),
    Alphabet("Slovak", "áíýéčšžľúťôňäďóŕĺ", _CENTRAL),
    Alphabet("Hungarian", "áéöóőüíúű", _CENTRAL),
    Alphabet("Croatian", "čšžćđ", _CENTRAL),
    Alphabet("Romanian", "ăîâşţ", _CENTRAL),
    Alphabet("Turkish", "ışğüçöâî", "Turkish"),
    Alphabet("Lithuanian", "ėšųžįąčūę", _BALTIC),
    Alphabet("Latvian", "āīēšņūļžģķč", _BALTIC),
    Alphabet("Estonian", "äõüöšž", _BALTIC),
    Alphabet("Russian", "оеаинтсрвлкмдпуяыьгзбчйхжшюцщэфъё", _CYRILLIC),
    Alphabet("Ukrainian", "оаинвіретслкдмпуязьбгйчхїцжєюшщфґ", _CYRILLIC),
    Alphabet("Bulgarian", "аоиентрвсдлкпмзябчугцщъйжхюфшь", _CYRILLIC),
    Alphabet("Serbian", "аоиенрјтсвдкупмлзбгчжшћцљњхђфџѓќѕ", _CYRILLIC),
    Alphabet("Greek", "αοιετσνηυρπκμλςωάγδίόέθχήφύώβξζψϊ", "Greek"),
    Alphabet("Hebrew", "יוהלארתבמשנעםדקחפגטכזסןצךץף", "Hebrew"),
    Alphabet("Arabic", "اليمونرتبةعدسفهكقأحجشطصىخإضذئثزآغءظؤپچگژ", "Arabic"),
    Alphabet("Thai", "านรอกเง่มยลวดทส้ตัีบปิะคหแพจขใไ์ชุธืูถซโณผฟศึญษภฎฐ็ฉฏๆฝฮฒฆ", "Thai"),
)
# The characters that make up about half of any text in these.
CHINESE = (
    "的一是不了在人有我他这这个们中来上大为和国地到以说时要就出会可也你对生能而子那得于着下自之年过发后作里用道行所然家"
    "事成方多经么去法学如都同现当没动面起看定天分还进好小部其些主样理心前开但因只从想实日军者意无力它与长把机十民第公"
    "此已工使情明性知全三又关点正业外将两高间由问很最重请您谢帮打印单号码邮件电话系统网登录密试错误收到"
    "這個們來為國說時會對過發後裡經麼學現當沒動還進樣開從實軍無與長機關點業將兩間問請謝幫單號碼郵電話系統網錄試錯誤"
)
JAPANESE = (
    "日一人年大本中出会社事行上時分間方生合国見前後下今入手用気私部明子者理言思来度自動地同高学内話書先機定場通願"
    "致送信電確認問題変更開設接続利作成使不具障害修報告件様申連絡名力対応表示画面文字印刷"
)
KOREAN = (
    "이다는에을하의가고은를지로한도기사인서어리자나시해아니일대으수있그게정보부전장스들원여과라만동주제상습안성조"
    "것요합세구면서오소공경용저너연우마비계무유될까되않못네감녕십드립메번호신문중"
)
