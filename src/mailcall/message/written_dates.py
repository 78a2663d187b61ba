"""Dates as mail programs write them for people above quoted mail, in some thirty languages."""

# ruff: noqa: RUF001 - the words of many scripts

import datetime as dt
import re
import unicodedata
from collections.abc import Iterable

from .word_lists import words

_MONTH_WORDS = (
    words("""
january|jan|januar|jän|jänner|janvier|janv|enero|ene|gennaio|gen|janeiro|januari|tammikuuta|tammi|tammik
stycznia|styczeń|sty|ledna|leden|led|január|januára|ianuarie|ian|януари|яну|января|янв|січня|січ|siječnja
sij|јануар|јан|januarja|ιανουαρίου|ιαν|ocak|oca|ינואר|ינו|يناير|มกราคม|มค|jaanuar|jaan|janvāris|janvārī
sausio|saus|gener|जनवरी|जन|студзеня|janúar
"""),
    words("""
february|feb|februar|feber|février|févr|fév|febrero|febbraio|febr|fevereiro|fev|februari|helmikuuta|helmi
helmik|lutego|luty|lut|února|únor|úno|február|februára|februarie|февруари|фев|февраля|февр|лютого|лют
veljače|velj|vel|фебруар|феб|februarja|φεβρουαρίου|φεβ|şubat|şub|פברואר|פבר|فبراير|กุมภาพันธ์|กพ|veebruar
veebr|februāris|februārī|vasario|vas|febrer|फ़रवरी|फरवरी|फ़र|лютага|febrúar
"""),
    words("""
march|mar|märz|mär|mrz|mars|marzo|março|maart|mrt|marts|maaliskuuta|maalis|maalisk|marca|marzec|března
březen|bře|március|márc|martie|март|мар|марта|березня|бер|ožujka|ožu|марта|marec|μαρτίου|μαρ|mart|מרץ
مارس|มีนาคม|มีค|märts|marts|martā|kovo|kov|març|मार्च|сакавіка|maret|mac
"""),
    words("""
april|apr|avril|avr|abril|abr|aprile|huhtikuuta|huhti|huhtik|kwietnia|kwiecień|kwi|dubna|duben|dub|apríla
apríl|április|ápr|aprilie|април|апр|апреля|квітня|квіт|кві|travnja|tra|aprila|απριλίου|απρ|nisan|nis
אפריל|אפר|أبريل|ابريل|เมษายน|เมย|aprill|aprīlis|aprīlī|balandžio|bal|अप्रैल|красавіка
"""),
    words("""
may|mai|mayo|maggio|mag|maio|mei|maj|maja|toukokuuta|touko|toukok|května|květen|kvě|mája|máj|május|máj
май|мая|травня|трав|тра|svibnja|svi|мај|μαΐου|μαϊ|μαι|mayıs|מאי|مايو|พฤษภาคม|พค|maijs|maijā|gegužės|geg
maig|मई|maí|мая
"""),
    words("""
june|jun|juni|juin|junio|giugno|giu|junho|kesäkuuta|kesä|kesäk|czerwca|czerwiec|cze|června|červen|čvn|jún
júna|június|jún|iunie|iun|юни|июня|июн|червня|черв|чер|lipnja|lip|јун|јуни|junija|ιουνίου|ιουν|haziran
haz|יוני|يونيو|มิถุนายน|มิย|juuni|jūnijs|jūnijā|birželio|birž|juny|जून|чэрвеня|júní
"""),
    words("""
july|jul|juli|juillet|juil|julio|luglio|lug|julho|heinäkuuta|heinä|heinäk|lipca|lipiec|července|červenec
čvc|júl|júla|július|iulie|iul|юли|июля|июл|липня|лип|srpnja|srp|јул|јули|julija|ιουλίου|ιουλ|temmuz|tem
יולי|يوليو|กรกฎาคม|กค|juuli|jūlijs|jūlijā|liepos|liep|juliol|जुलाई|julai|ліпеня|júlí
"""),
    words("""
august|aug|août|aout|agosto|ago|augustus|augusti|elokuuta|elo|elok|sierpnia|sierpień|sie|srpna|srpen
augusta|augusztus|август|авг|августа|серпня|серп|сер|kolovoza|kol|аугуст|avgust|avgusta|avg|αυγούστου|αυγ
ağustos|ağu|אוגוסט|אוג|أغسطس|สิงหาคม|สค|augusts|augustā|rugpjūčio|rugp|agost|अगस्त|अग|agustus|ogos|жніўня
ágúst|ag
"""),
    words("""
september|sep|sept|septembre|septiembre|settembre|set|setembro|syyskuuta|syys|syysk|września|wrzesień|wrz
září|zář|septembra|szeptember|szept|septembrie|септември|сент|сентября|сен|вересня|вер|rujna|ruj
септембар|сеп|σεπτεμβρίου|σεπ|σεπτ|eylül|eyl|ספטמבר|ספט|سبتمبر|กันยายน|กย|septembris|septembrī|rugsėjo
rugs|setembre|सितंबर|सितम्बर|सित|верасня
"""),
    words("""
october|oct|oktober|okt|octobre|octubre|ottobre|ott|outubro|out|oktobra|lokakuuta|loka|lokak|października
październik|paź|října|říjen|říj|októbra|október|octombrie|октомври|окт|октября|жовтня|жовт|жов|октобар
οκτωβρίου|οκτ|ekim|eki|אוקטובר|אוק|أكتوبر|ตุลาคม|ตค|oktoober|oktobris|oktobrī|spalio|spal|अक्तूबर|अक्टूबर
अक्तू|кастрычніка
"""),
    words("""
november|nov|novembre|noviembre|novembro|marraskuuta|marras|marrask|listopada|listopadu|listopad|lis|novembra
noiembrie|noi|ноември|ное|ноября|нояб|ноя|листопада|лист|лис|studenoga|studenog|stu|новембар|нов
νοεμβρίου|νοε|kasım|kas|נובמבר|נוב|نوفمبر|พฤศจิกายน|พย|novembris|novembrī|lapkričio|lapkr|नवंबर|नव
लістапада|лістапада|nóvember|nóv
"""),
    words("""
december|dec|dezember|dez|décembre|déc|diciembre|dic|dicembre|dezembro|desember|des|joulukuuta|joulu
jouluk|grudnia|grudzień|gru|prosince|prosinec|pro|decembra|decembrie|декември|дек|декабря|грудня|груд|гру
prosinca|децембар|дец|δεκεμβρίου|δεκ|aralık|ara|דצמבר|דצמ|ديسمبر|ธันวาคม|ธค|detsember|dets|decembris
decembrī|gruodžio|gruod|desembre|दिसंबर|दिसम्बर|दिस|снежня|disember|desember
"""),
)


def _plain(text: str) -> str:
    """Fold case and digits, and leave out the marks of direction."""
    text = unicodedata.normalize("NFKC", text).casefold()
    return "".join(
        str(unicodedata.digit(char)) if char.isdigit() and not char.isascii() else char
        for char in text
        if unicodedata.category(char) != "Cf"
    )


_MONTHS = {_plain(word): number for number, months in enumerate(_MONTH_WORDS, 1) for word in months}
_EAST_ASIAN = re.compile(r"(\d{4}) ?[年년] ?(\d{1,2}) ?[月월] ?(\d{1,2}) ?[日일]")
_YEAR_FIRST = re.compile(r"\b(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})\b")
_YEAR_LAST = re.compile(r"\b(\d{1,2}) ?([./-]) ?(\d{1,2}) ?[./-] ?(\d{4}|\d{2})\b")
_VIETNAMESE = re.compile(r"\b(\d{1,2}) (?:tháng|thg) (\d{1,2}),? (?:năm )?(\d{4})")
_WORDS = re.compile(r"\d+|(?:[^\W\d_]|[\u0300-\u036f\u0591-\u05c7\u0900-\u0963\u0e30-\u0e4e])+")
_TIME = re.compile(
    r"(?<![\d.+-])(\d{1,2}) ?[:.h時时시点] ?(\d{2})(?:分|분)?(?: ?[:.] ?(\d{2}))?(?: ?([ap])\.? ?m\b)?"
)
_AFTER_NOON = re.compile(r"\d ?(?:μ\.?μ|م(?!\w)|म)|下午|午後|오후|晚上|öö?s\b|\bös\b|\bch\b")
_BEFORE_NOON = re.compile(r"\d ?(?:π\.?μ|ص)|上午|午前|오전|早上|\böö\b")
_OFFSET = re.compile(r"(?:gmt|utc)? ?([+-])(\d{1,2}):?(\d{2})?\b")
_ZONES = {
    "gmt": 0, "utc": 0, "cet": 1, "cest": 2, "mez": 1, "mesz": 2, "est": -5, "edt": -4, "cst": -6, "cdt": -5,
    "mst": -7, "mdt": -6, "pst": -8, "pdt": -7, "bst": 1, "eet": 2, "eest": 3, "msk": 3, "jst": 9, "kst": 9,
}  # fmt: skip
_LONGEST = 120


def read_written_date(value: str, *, english: bool = False) -> dt.datetime | None:
    """Read `Montag, 2. November 2026 10:00`; None when the form is not known or leaves the day open.

    It is aware where a zone was written, else naive: the time of whoever wrote it. `english` says that
    `3/4/2026` may be the third of April or the fourth of March.
    """
    text = _plain(value[:_LONGEST])
    found = _day(text, english=english)
    if not found:
        return None
    (year, month, day), rest = found
    if year < 100:
        year += 2000 if year < 70 else 1900
    if year > 2400:  # the Buddhist calendar
        year -= 543
    hour, minute, second, tail = _time(rest)
    try:
        return dt.datetime(year, month, day, hour, minute, second, tzinfo=_zone(tail))
    except ValueError:
        return None


def _day(text: str, *, english: bool) -> tuple[tuple[int, int, int], str] | None:
    """Give (year, month, day) and the text without them."""
    match = _EAST_ASIAN.search(text) or _YEAR_FIRST.search(text)
    if match:
        return (int(match[1]), int(match[2]), int(match[3])), _without(text, match)
    match = _VIETNAMESE.search(text)
    if match:
        return (int(match[3]), int(match[2]), int(match[1])), _without(text, match)
    named = _named_day(text)
    if named:
        return named
    match = _YEAR_LAST.search(text)
    if not match:
        return None
    first, between, second, year = int(match[1]), match[2], int(match[3]), int(match[4])
    if second > 12 and between == "/":
        first, second = second, first
    elif english and between == "/" and first <= 12 and first != second:
        return None
    return (year, second, first), _without(text, match)


def _without(text: str, match: re.Match[str]) -> str:
    return f"{text[: match.start()]} | {text[match.end() :]}"


def _named_day(text: str) -> tuple[tuple[int, int, int], str] | None:
    """Find the month by its name, the last there is: `mar 3 nov` is a Tuesday in November."""
    spans = list(_WORDS.finditer(text))[:40]
    found = [span[0] for span in spans]
    for at in range(len(found) - 1, -1, -1):
        month = _MONTHS.get(found[at])
        if not month:
            continue
        day = _near(found, (at - 1, at + 1, at - 2, at + 2), 31, length=2)
        year = _near(found, range(at - 3, at + 5), 9999, length=4)
        if day < 0 or year < 0:
            continue
        first, last = min(day, at, year), max(day, at, year)
        rest = f"{text[: spans[first].start()]} | {text[spans[last].end() :]}"
        return (int(found[year]), month, int(found[day])), rest
    return None


def _near(found: list[str], places: Iterable[int], most: int, *, length: int) -> int:
    """Give the first of these places with a number up to `most`, of that many digits where it is a year."""
    for at in places:
        word = found[at] if 0 <= at < len(found) else ""
        if word.isdecimal() and (len(word) == length or length < 4) and 1 <= int(word) <= most:
            return at
    return -1


def _time(text: str) -> tuple[int, int, int, str]:
    """Give hour, minute, second and what follows them; midnight where no time was written."""
    match = _TIME.search(text)
    if not match:
        return 0, 0, 0, text.rpartition("|")[2]
    hour, minute, second = int(match[1]), int(match[2]), int(match[3] or 0)
    after = match[4] == "p" or (match[4] is None and _AFTER_NOON.search(text) is not None)
    before = match[4] == "a" or (match[4] is None and _BEFORE_NOON.search(text) is not None)
    if after and hour < 12:
        hour += 12
    elif before and hour == 12:
        hour = 0
    return hour, minute, min(second, 59), text[match.end() :]


def _zone(text: str) -> dt.tzinfo | None:
    match = _OFFSET.search(text)
    if match and int(match[2]) < 24:
        shift = dt.timedelta(hours=int(match[2]), minutes=int(match[3] or 0))
        return dt.timezone(-shift if match[1] == "-" else shift)
    for word in _WORDS.findall(text)[:5]:
        if word in _ZONES:
            return dt.timezone(dt.timedelta(hours=_ZONES[word]))
    return None
