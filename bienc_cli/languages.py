"""Decides whether an English-only reader can read a text, and detects a text's language.

The first is checked for every query and passage, so it only looks at letters and the commonest
words, in microseconds, and says no only on evidence: numbers, names and code count as readable. The
second loads a detector (py3langid, half a second), and only sees texts that do not read as English.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable
from functools import cache
from typing import Any

from bienc_cli.errors import UsageError

NAMES = {
    "af": "Afrikaans",
    "ar": "Arabic",
    "az": "Azerbaijani",
    "be": "Belarusian",
    "bg": "Bulgarian",
    "bn": "Bengali",
    "ca": "Catalan",
    "cs": "Czech",
    "cy": "Welsh",
    "da": "Danish",
    "de": "German",
    "el": "Greek",
    "en": "English",
    "eo": "Esperanto",
    "es": "Spanish",
    "et": "Estonian",
    "eu": "Basque",
    "fa": "Persian",
    "fi": "Finnish",
    "fr": "French",
    "ga": "Irish",
    "gl": "Galician",
    "gu": "Gujarati",
    "he": "Hebrew",
    "hi": "Hindi",
    "hr": "Croatian",
    "hu": "Hungarian",
    "hy": "Armenian",
    "id": "Indonesian",
    "is": "Icelandic",
    "it": "Italian",
    "ja": "Japanese",
    "ka": "Georgian",
    "kk": "Kazakh",
    "km": "Khmer",
    "kn": "Kannada",
    "ko": "Korean",
    "lo": "Lao",
    "lt": "Lithuanian",
    "lv": "Latvian",
    "mk": "Macedonian",
    "ml": "Malayalam",
    "mn": "Mongolian",
    "mr": "Marathi",
    "ms": "Malay",
    "my": "Burmese",
    "ne": "Nepali",
    "nl": "Dutch",
    "no": "Norwegian",
    "pa": "Punjabi",
    "pl": "Polish",
    "pt": "Portuguese",
    "ro": "Romanian",
    "ru": "Russian",
    "si": "Sinhala",
    "sk": "Slovak",
    "sl": "Slovenian",
    "sq": "Albanian",
    "sr": "Serbian",
    "sv": "Swedish",
    "sw": "Swahili",
    "ta": "Tamil",
    "te": "Telugu",
    "th": "Thai",
    "tl": "Tagalog",
    "tr": "Turkish",
    "uk": "Ukrainian",
    "ur": "Urdu",
    "uz": "Uzbek",
    "vi": "Vietnamese",
    "zh": "Chinese",
}
"""The languages that are distinguished, by ISO 639-1 code. The detector knows some eighty more, all
rarer than its mistakes: it would take a tenth of Chinese questions for Wu."""

_DIALECTS = {"nb": "no", "nn": "no"}


def language_called(name: str) -> str:
    """The code of a language from its name: `de`, `de-AT`, `DE_at`.

    Raises:
        UsageError: it is not a known language.
    """
    code = re.split(r"[-_]", name.strip().lower())[0]
    code = _DIALECTS.get(code, code)
    if code in NAMES:
        return code
    codes = [
        known_code
        for known_code, known_name in NAMES.items()
        if known_name.lower() == name.strip().lower()
    ]
    raise UsageError(
        f"'{name}' is no code of a language that is known here.",
        f"{NAMES[codes[0]]} is {codes[0]}"
        if codes
        else "give the two letters of ISO 639-1, such as de, fr or ja; auto tells by the texts",
    )


_WORD = re.compile(r"[^\W\d_]+")
_RUN = re.compile(r"\w+")
_ASCII_RUNS = str.maketrans({chr(n): " " for n in range(128) if not re.match(r"\w", chr(n))})

_MOST = 4_000
"""Characters of a text that are examined."""

_FOREIGN_LETTERS = 0.1
"""Fraction of non-ASCII letters that no English text exceeds, except for a word or a symbol."""

_ENGLISH = frozenset(
    """a about after all also an and any are as at be been before between but by can could did
    do does for from had has have he her his how if in into is it its may more most my no not of
    on one only or other our out over she should so some such than that the their them then there
    these they this those to under up use used using was we were what when where which while who
    why will with would you your""".split()
)

_COMMON = {
    "de": """aber alle als an auch auf aus bei bin bis das dass dem den der des die dies diese durch
        ein eine einem einen einer eines er es für gegen hat hatte haben ich ihr ihre im ist kann
        kein keine man mehr mich mit nach nicht noch nur ob oder ohne schon sehr sein seine sich sie
        sind so über um und uns unter viel viele vom von vor wann warum was welche welcher welches
        wenn wer werden wie wir wird wo wurde wurden zu zum zur zwischen""",
    "fr": """au aux avec ce ces cette chez comment dans depuis des dont du elle elles en entre est
        et été eux il ils je la le les leur leurs lui mais même ne nous ont ou où par pas plus pour
        pourquoi quand que quel quelle quelles quels qui sa sans se ses son sont sous sur une
        vous était""",
    "es": """al como con cuál cuáles cuando cuándo cuántos cómo de del desde donde dónde durante el
        ella ellos en entre era es esta este está fue fueron ha hasta la las le lo los más muy
        para pero por porque qué que quién se según ser sin sobre son su sus también un una y""",
    "it": """agli ai al alla alle anche che chi ci come con così cosa da dai dal dalla degli dei del
        della delle dello di dove è era gli ha ho il la le lo ma nel nella nelle non o per
        perché più quale quali quando quanto se si sono su sul sulla tra un una uno""",
    "pt": """a ao aos as até com como da das de do dos e ela ele em entre era essa esse esta este
        está foi foram mais mas na nas no nos não o onde os para pela pelo por porque qual quais
        quando quem que se sem ser seu sua são também um uma""",
    "nl": """aan als bij dan dat de der deze die dit door een en er geen heeft het hij hoe hun ik is
        je kan maar meer met na naar niet nog of om onder ook op over te tot uit van veel voor
        waar waarom wanneer wat welke werd wie wordt worden zich zijn zij""",
    "sv": """alla att av blev de den det detta du eller en ett finns från för hade han har hon hur i
        inte jag kan med men mellan mot när och om på sig sin som till under upp var varför vad
        vem vid vilka vilken är""",
    "da": """af alle at blev de den der det efter eller en er et for fra han har havde hun hvad hvem
        hvilken hvor hvordan hvorfor hvornår i ikke jeg kan med men mod når og om på sig som til
        ud ved var være""",
    "no": """av ble da de den det eller en er et etter for fra han har hun hva hvem hvilken hvor
        hvordan hvorfor ikke jeg kan med men mot når og om på seg som til ut var ved være å""",
    "fi": """ei en että hän ja joka jos kanssa kuin kun kuka miksi millainen missä mikä mitä mutta
        myös ne niin oli olla on ovat se sekä siitä tai tämä vain""",
    "pl": """ale był była było być czy dla do gdzie i ich jak jaka jaki jakie jest już kiedy kto
        który która które lub ma może na nie o od oraz po przez przy się są tak to tym w we z za
        ze że""",
    "cs": """ale až být byl byla bylo co do i jak jaká jaké jako je jeho jejich jsou k kde kdo kdy
        která které který mezi na nebo není o od po pod pro proč při s se si tak ten to u v ve z
        za že""",
    "ro": """a al ale au care ca ce cel cele cine cu cum că de decât din după este fi fost în la lui
        mai nu o pe pentru prin sau se sunt și un unde una unei unui""",
    "hu": """a az azt csak de egy el ez ezt ha hogy hogyan hol is itt ki kell lehet meg mely melyik
        mi mikor mint még milyen nem nincs olyan s van vagy volt és""",
    "tr": """bir bu çok da daha de gibi göre hangi her için ile ise kadar kim mi mı nasıl ne neden
        nerede o olan olarak oldu olduğu var ve veya ya""",
    "id": """ada adalah akan apa atau bagaimana bahwa dalam dan dapat dari dengan di ia ini itu juga
        kapan karena ke kepada lebih mana mengapa oleh pada saat sebagai siapa telah tidak untuk
        yang""",
    "ca": """al als amb com d'un de del dels des el els en entre era és està ha i la les més no on
        per perquè però què qui quan que se segons seva són també un una va""",
    "vi": """bao các cho có của đã để được gì hay không khi là một nào những ở ra sao tại thế trong
        từ và với""",
}
_COMMON_WORDS = {language: frozenset(words.split()) for language, words in _COMMON.items()}
_OTHERS = frozenset().union(*_COMMON_WORDS.values()) - _ENGLISH
_ENGLISH_ALONE = _ENGLISH.difference(*_COMMON_WORDS.values(), "all also an be in so will".split())


def common_words(language: str) -> frozenset[str]:
    """The commonest words of a language, as written; empty if unknown."""
    return _ENGLISH if language == "en" else _COMMON_WORDS.get(language, frozenset())


def reads_as_english(text: str) -> bool:
    """Whether somebody who reads only English can read a text.

    False if most of its letters are of another script, if too many are not ASCII, or if it has more
    of the commonest words of another language than of English.
    """
    text = text[:_MOST]
    if not text.isascii() and _is_foreign_by_letters(text):
        return False
    words = _runs(text)
    if _OTHERS.isdisjoint(words):
        return True
    foreign_words = [word for word in words if word in _OTHERS]
    english_words = [word for word in words if word in _ENGLISH]
    for common in _COMMON_WORDS.values():
        recognised = [word for word in foreign_words if word in common]
        # A single one may be part of a name (von Neumann), and single letters may be (E. coli).
        several = len(set(recognised)) > 1 and max(map(len, recognised)) > 1
        sure = several or (recognised and not "".join(_uncapped(text)).isascii())
        # "do" and "a" are both Polish and English.
        if sure and len(recognised) > 2 * sum(word not in common for word in english_words):
            return False
    return True


def has_english_words(text: str) -> bool:
    """Whether a text has any word that is common in English and in no other language here."""
    return not _ENGLISH_ALONE.isdisjoint(_runs(text))


def _runs(text: str) -> list[str]:
    """Lower-case words, and anything else between blanks and symbols, which no list contains."""
    if text.isascii():
        # Equivalent, in a quarter of the time: every indexed passage is checked.
        return text.lower().translate(_ASCII_RUNS).split()
    return _RUN.findall(text.lower())


def _uncapped(text: str) -> Iterable[str]:
    """Words that start with a small letter, and so are no names."""
    return (word for word in _WORD.findall(text) if word[0].islower())


def _is_foreign_by_letters(text: str) -> bool:
    words = _WORD.findall(unicodedata.normalize("NFC", text))
    # A single letter is a symbol.
    letters = "".join(word for word in words if len(word) > 1 or not _is_latin(word))
    non_ascii = [letter for letter in letters if not letter.isascii()]
    foreign = sum(not _is_latin(letter) for letter in non_ascii)
    return 2 * foreign > len(letters) or (
        len(non_ascii) > 2 and len(non_ascii) > _FOREIGN_LETTERS * len(letters)
    )


@cache
def _is_latin(letter: str) -> bool:
    return unicodedata.name(letter, "").startswith("LATIN")


# ----------------------------------------------------------------- detection

_LEAST = 40
"""Characters below which a text does not reveal its language."""

_LEAST_FOREIGN = 12
"""The same for a text that does not read as English, which leaves fewer languages."""

_BEGINNING = 400
"""Characters that suffice to recognise plain English."""

_ENGLISH_SHARE = 0.15
"""Fraction of words that are common in English and in no other language here, above which a text is
English; in prose it is a quarter, in translations nothing."""

_SAMPLE = 600
"""Characters of a text given to the detector: ten times what it needs of prose."""


_NONE_OF_ITS_LETTERS = {
    "be": "ищъ",
    "bg": "ыэё",
    "mk": "ыэёйщъьюя",
    "sr": "ыэёйщъьюя",
    "uk": "ыэёъ",
}
"""Letters of neighbouring Cyrillic languages, which a short text is easily mistaken for."""

_QUOTED = 0.01
"""Fraction of foreign letters that a text may have."""


def language_of(text: str) -> str:
    """The language of a text, an ISO 639-1 code; `en` unless there is evidence against it."""
    if _is_plainly_english(text[:_BEGINNING]):
        return "en"
    if reads_as_english(text) and not _may_be_foreign(text[:_MOST]):
        return "en"
    return _detected(text, _LEAST_FOREIGN) or "en"


def _is_plainly_english(text: str) -> bool:
    # Decides most texts, three times as fast.
    words = text.lower().split()
    return sum(map(_ENGLISH_ALONE.__contains__, words)) > _ENGLISH_SHARE * len(words)


def _may_be_foreign(text: str) -> bool:
    """Whether a text has non-ASCII letters and none of the commonest English words."""
    if text.isascii():
        return False
    non_ascii = sum(letter.isalpha() and not letter.isascii() for letter in text)
    return non_ascii > 1 and _ENGLISH.isdisjoint(_runs(text))


def languages_of(texts: Iterable[str]) -> Counter[str]:
    """How many of the texts are in each language, by ISO 639-1 code.

    Texts without prose (tables of numbers, code) are not counted.
    """
    return Counter(filter(None, (_detected(text, _LEAST) for text in texts)))


def _detected(text: str, minimum: int) -> str | None:
    sample = " ".join(_WORD.findall(text[:_MOST]))[:_SAMPLE]
    if len(sample) < minimum:
        return None
    code: str = _detector().classify(sample)[0]
    if _is_written_without(code, sample):
        ranked = (candidate for candidate, _ in _detector().rank(sample))
        code = next(candidate for candidate in ranked if not _is_written_without(candidate, sample))
    return code


def _is_written_without(language: str, text: str) -> bool:
    """Whether too many letters of a text do not belong to a language."""
    foreign = _NONE_OF_ITS_LETTERS.get(language, "")
    return sum(map(text.lower().count, foreign)) > _QUOTED * len(text)


@cache
def _detector() -> Any:
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    detector = LanguageIdentifier.from_model_file(MODEL_FILE)
    detector.set_languages(NAMES)
    return detector
