"""Encodings that have the same bytes for other letters, in texts of any length."""

import pytest

from bienc_cli.formats.decoding import decode

GERMAN = "Grüße aus München, schöne Straße über die Brücke, Häuser und Bäume im Süden.\n"
FRENCH = "Il était là, où est le garçon ? Ça va très bien, à l’école des élèves ; même à Noël.\n"
SPANISH = "¿Cómo está? Mañana, corazón, niño, también, años, señora, según él, aquí.\n"
DANISH = "Rødgrød med fløde på en ø, så går det nok også for æblerne på Ærø og i Århus.\n"
POLISH = "Zażółć gęślą jaźń, a potem pójdź, kiń tę chmurność w głąb flaszy, proszę bardzo.\n"
CZECH = "Příliš žluťoučký kůň úpěl ďábelské ódy a ještě něco.\n"
TURKISH = "Güzel bir gün, şöyle böyle çalışıyor; İstanbul'da kış ağır geçer.\n"
ICELANDIC = "Það er gott að búa á Íslandi, þótt veðrið sé vont, ég á von á þér.\n"
RUSSIAN = "Привет мир, это старый текст из системы DOS, который нужно прочитать правильно.\n"
OF_MACS = "Привет, я читаю старую книгу из библиотеки; моя семья и вся школа Якова тоже.\n"
UKRAINIAN = "Привіт, їжак та ґанок є тут, щоб прочитати цей старий текст.\n"
GREEK = "Το παλιό κείμενο στα ελληνικά γράμματα, καλημέρα σας πολύ.\n"
HEBREW = "שלום עולם, זהו טקסט ישן מהמערכת שצריך לקרוא נכון היום.\n"
ARABIC = "مرحبا بالعالم، هذا نص قديم من النظام ويجب قراءته بشكل صحيح اليوم.\n"
THAI = "สวัสดีชาวโลก นี่คือข้อความ\n"
FRAMED = "╔════════╗\n║ Größe ║\n╚════════╝\n"


@pytest.mark.parametrize("times", [1, 50])
@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        (GERMAN, "cp437"),
        (GERMAN, "cp850"),
        (GERMAN, "mac_roman"),
        (FRENCH, "mac_roman"),
        (FRENCH.replace("’", "'"), "cp850"),
        (SPANISH, "cp437"),
        (SPANISH, "mac_roman"),
        (FRAMED + GERMAN, "cp437"),
        (CZECH, "mac_latin2"),
        (TURKISH, "mac_turkish"),
        (TURKISH, "cp857"),
        (ICELANDIC, "cp861"),
        (DANISH, "cp850"),
        (DANISH, "mac_roman"),
        (POLISH, "cp852"),
        (RUSSIAN, "cp866"),
        ("Привет, как дела сегодня\n", "cp866"),
        (OF_MACS, "mac_cyrillic"),
        (OF_MACS, "cp855"),
        (OF_MACS, "iso8859_5"),
        (UKRAINIAN, "koi8_u"),
        (GREEK, "cp737"),
        (THAI, "cp874"),
        ("Ĉu vi ŝatas la ĝardenon? Ankaŭ ĵaŭde, ĥoro.\n", "iso8859_3"),
        (f"Άλλη μία φορά. {GREEK}", "iso8859_7"),
        (HEBREW, "cp1255"),
        (HEBREW, "cp862"),
        (ARABIC, "iso8859_6"),
        ("Il-ġurnata tajba, il-ħobż u ċ-ċavetta żgħira.\n", "iso8859_3"),
        ("Le cœur coûte 5 €, l'œuvre déjà vue.\n", "iso8859_15"),
        ("Price list\n" * 100 + GERMAN, "cp850"),
    ],
)
def test_older_encodings_are_known_by_their_letters(text, encoding, times):
    assert decode((text * times).encode(encoding)) == text * times


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        *((text, "cp1252") for text in (GERMAN, FRENCH, SPANISH, DANISH)),
        *((RUSSIAN.upper(), encoding) for encoding in ("cp1251", "koi8_r")),
        *(
            ("Где он? Она и дома, и вот тот сад: два дерева, трава, вода.\n", e)
            for e in ("cp1251", "koi8_r")
        ),
        (HEBREW, "cp1255"),
        (ARABIC, "cp1256"),
        (POLISH, "cp1250"),
        (RUSSIAN, "cp1251"),
        *((text, encoding) for text in (RUSSIAN, OF_MACS) for encoding in ("cp1251", "koi8_r")),
        (UKRAINIAN, "cp1251"),
        (GREEK, "cp1253"),
        (TURKISH, "cp1254"),
        (CZECH, "cp1250"),
        ("He ran—as ever—home; and then—at once—slept. It™s “odd” † here.\n", "cp1252"),
        ("Temperatures of 3°C, 4°C and 5°C; a·b, c×d and e÷f; §5, §6.\n" * 3, "cp1252"),
        ("Die „Größe“ – 3×4×5 – beträgt 60 m³…\nUnd AÄÖÜ, BÄR, FÜR.\n", "cp1252"),
        ("paral·lel, col·legi, il·lusió, novel·la, síl·laba, excel·lent\n", "cp1252"),
        ("iPhoneÄ, eÖlPumpe, xÜber\n" + GERMAN * 20, "cp1252"),
    ],
)
def test_later_encodings_are_not_taken_for_older_ones(text, encoding):
    assert decode(text.encode(encoding)) == text


@pytest.mark.parametrize("around", ["{}", "# Notes\n\n{}\nand more of them\n"])
@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        *(
            (text, "cp1252")
            for text in (
                "Käse",
                "Kein Kopf: Öl und Käse.",
                "Treffen am Montag um 9 Uhr im Büro.",
                "Fußgängerübergang",
                "Temperatur 20°C",
                "Ça va ?",
                "Réunion à 9h, l’été",
                "¿Qué pasó?",
                "1ª, 2ª, 3ª y 4ª",
                "Åsa är här",
                "São Paulo",
                "25 µm ± 3",
                "¼ ½ ¾",
                "© 2020 Foo",
                "Kedves uram, köszönöm",
                "Il va à la gare à midi et à pied, de Paris à Lyon.",
                "La porta è aperta e il treno è in ritardo, ma è vero: c'è.",
                "The price is £20 and it’s “fine” – see the café.",
            )
        ),
        *((text, e) for text in ("wiadomość", "właściciel") for e in ("cp1250", "iso8859_2")),
        ("Nasılsın? Kira sözleşmesi", "cp1254"),
        ("Grüße aus Köln", "cp850"),
        ("Müller", "cp437"),
        ("Тетрадь", "cp1251"),
        ("Договор аренды", "koi8_r"),
        *((text, e) for text in ("テスト", "会議は明日です") for e in ("cp932", "euc_jp")),
        *((text, "cp1251") for text in ("Привет мир", "Тест", "ОТЧЕТ ЗА 2023 ГОД")),
        *((text, "koi8_r") for text in ("Пароль от сайта", "ключ = значение")),
        *((text, "cp866") for text in ("Счёт за июль", "Мама мыла раму")),
        ("Їжа і вода", "cp1251"),
        *((text, "cp1253") for text in ("Ευχαριστώ πολύ", "Αθήνα, Ελλάδα")),
        *((text, e) for text in ("שלום עולם", "חוזה שכירות") for e in ("cp1255", "cp862")),
        *((text, e) for text in ("شكرا جزيلا", "عقد الإيجار") for e in ("cp1256", "iso8859_6")),
        *((text, "cp874") for text in ("กรุงเทพมหานคร", "สัญญาเช่าบ้าน")),
        *((text, "gb18030") for text in ("你好,世界", "密码", "使用Python编程")),
        *((text, "big5") for text in ("台北市大安區", "今天天氣很好", "測試Test檔案")),
        *((text, "cp949") for text in ("비밀번호", "회의록")),
        ("東京都千代田区", "euc_jp"),
    ],
)
def test_a_few_words_tell_their_encoding(text, encoding, around):
    whole = around.format(text)
    assert decode(whole.encode(encoding)) == whole
