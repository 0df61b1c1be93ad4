"""Whether a text can be read by who reads English only; and what a text's language is.

The first is asked at every query, so it looks no further than at letters and at the commonest
words, in microseconds, and says no only where these do: numbers, names and code are read as they
are. The second is asked of a sample of what is indexed, and loads a detector (py3langid, about a
hundred languages, half a second).
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable
from functools import cache
from typing import Any

_WORD = re.compile(r"[^\W\d_]+")

_MOST = 4_000
"""Characters of a text that are looked at."""

_FOREIGN_LETTERS = 0.1
"""Share of letters outside of ASCII that no English text has, but for a word or a symbol."""

_ENGLISH = frozenset(
    """a about after all also an and any are as at be been before between but by can could did
    do does for from had has have he her his how if in into is it its may more most my no not of
    on one only or other our out over she should so some such than that the their them then there
    these they this those to under up use used using was we were what when where which while who
    why will with would you your""".split()
)

_COMMON = {
    "de": """aber als auch auf aus bei bin bis das dass dem den der des die dies diese durch ein
        eine einem einen einer eines für gegen hat hatte haben ich ihr ihre im ist kann kein keine
        man mich mit nach nicht nur ob oder ohne sein seine sich sie sind über um und uns unter
        viel viele vom von vor wann warum was welche welcher welches wenn wer werden wie wird wo
        wurde wurden zu zum zur zwischen""",
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
    "pt": """ao aos as até com como da das de do dos e ela ele em entre era essa esse esta este está
        foi foram mais mas na nas no nos não o onde os para pela pelo por porque qual quais
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


def reads_as_english(text: str) -> bool:
    """Whether who reads English only has a chance with a text.

    False where most of its letters are of another script, where too many are outside of ASCII,
    and where the commonest words of another language are more than those of English.
    """
    text = text[:_MOST]
    if not text.isascii() and _is_foreign_by_letters(text):
        return False
    words = [word.lower() for word in _WORD.findall(text)]
    english = sum(word in _ENGLISH for word in words)
    others = [word for word in words if word in _OTHERS]
    for common in _COMMON_WORDS.values():
        found = [word for word in others if word in common]
        # One may be part of a name, as is the "von" of von Neumann.
        sure = len(set(found)) > 1 or (found and not "".join(_uncapped(text)).isascii())
        if sure and len(found) > 2 * english:
            return False
    return True


def _uncapped(text: str) -> Iterable[str]:
    """Words that begin small, which are no names."""
    return (word for word in _WORD.findall(text) if word[0].islower())


def _is_foreign_by_letters(text: str) -> bool:
    words = _WORD.findall(unicodedata.normalize("NFC", text))
    # A letter by itself is a symbol.
    letters = "".join(word for word in words if len(word) > 1 or not _is_latin(word))
    beyond = [letter for letter in letters if not letter.isascii()]
    other = sum(not _is_latin(letter) for letter in beyond)
    return 2 * other > len(letters) or (
        len(beyond) > 2 and len(beyond) > _FOREIGN_LETTERS * len(letters)
    )


@cache
def _is_latin(letter: str) -> bool:
    return unicodedata.name(letter, "").startswith("LATIN")


# ----------------------------------------------------------------- detection

_LEAST = 40
"""Characters below which a text tells nothing of its language."""

_SAMPLE = 600
"""Characters of a text that the detector is given: ten times what it needs of prose."""


def languages_of(texts: Iterable[str]) -> Counter[str]:
    """How many of some texts are in which language, by ISO 639-1 code.

    Texts without prose (tables of numbers, code) count for none.
    """
    found: Counter[str] = Counter()
    for text in texts:
        sample = " ".join(_WORD.findall(text[:_MOST]))[:_SAMPLE]
        if len(sample) >= _LEAST:
            code = _detector().classify(sample)[0]
            found[code] += 1
    return found


@cache
def _detector() -> Any:
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    return LanguageIdentifier.from_model_file(MODEL_FILE)
