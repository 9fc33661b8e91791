"""Words that the fictional policy book is made of: countries, names, streets, products.

Belongs here: rows of words. Names are common ones joined at random; nobody is meant.
Does not belong here: how rows are made of them (``demo_book``).
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoCountry:
    """Where demo payers live.

    ``share`` is rows per thousand; ``languages`` has one entry per tenth of the payers. A premium of
    100 euro cents becomes ``price_per_100`` minor units of ``currency``. ``street`` and ``town`` are formats
    of ``street``, ``house_number``, ``town`` and ``code``; ``code`` gives each digit mark ``#`` a digit.
    """

    country_code: str
    territory: str
    share: int
    currency: str
    price_per_100: int
    languages: str
    given_names: tuple[str, ...]
    surnames: tuple[str, ...]
    has_two_surnames: bool = False
    streets: tuple[str, ...]
    street: str
    towns: tuple[tuple[str, str], ...]
    town: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoProduct:
    """What the demo insurer sells; the range of yearly premiums is in euro cents."""

    product_code: str
    branch: str
    share: int
    lowest_cents: int
    highest_cents: int


def _words(text: str) -> tuple[str, ...]:
    return tuple(word.strip() for word in text.split(","))


def _towns(text: str) -> tuple[tuple[str, str], ...]:
    pairs = (entry.split("=") for entry in _words(text))
    return tuple((town.strip(), code.strip()) for town, code in pairs)


COUNTRIES = (
    DemoCountry(
        country_code="ES",
        territory="ESP",
        share=400,
        currency="EUR",
        price_per_100=100,
        languages="es es es es es es es es es en",
        given_names=_words(
            "María, Lucía, Carmen, Ana, Elena, Nuria, Begoña, Inés, Pilar, Rocío, Antonio, José, Manuel, "
            "Javier, Íñigo, Álvaro, Sergio, Andrés, Joaquín, Óscar"
        ),
        surnames=_words(
            "García, Fernández, López, Martínez, Sánchez, Pérez, Gómez, Ruiz, Díaz, Muñoz, Álvarez, Romero, "
            "Navarro, Torres, Domínguez, Vázquez, Iglesias, Núñez, Ibáñez, Castro"
        ),
        has_two_surnames=True,
        streets=_words(
            "Calle Mayor, Calle del Olmo, Avenida de la Paz, Calle San Antón, Plaza del Pozo, Ronda Norte, "
            "Calle de la Fuente, Paseo del Río, Calle Nueva, Camino Viejo"
        ),
        street="{street}, {house_number}",
        towns=_towns(
            "Madrid=280##, Barcelona=080##, Valencia=460##, Sevilla=410##, Zaragoza=500##, Málaga=290##, "
            "Bilbao=480##, A Coruña=150##, León=240##, Cádiz=110##"
        ),
        town="{code} {town}",
    ),
    DemoCountry(
        country_code="GB",
        territory="GBR",
        share=200,
        currency="GBP",
        price_per_100=87,
        languages="en en en en en en en en en en",
        given_names=_words(
            "Olivia, Emily, Grace, Charlotte, Alice, Hannah, Priya, Fiona, Oliver, George, Harry, James, "
            "Thomas, Daniel, Imran, Callum"
        ),
        surnames=_words(
            "Smith, Jones, Taylor, Brown, Wilson, Evans, Walker, Wright, Robinson, Thompson, Green, Hughes, "
            "Patel, O'Connor, Baker, Hall-Moore"
        ),
        streets=_words(
            "High Street, Station Road, Church Lane, Victoria Road, Mill Lane, The Green, Park Avenue, "
            "Queens Road, Orchard Close, Bridge Street"
        ),
        street="{house_number} {street}",
        towns=_towns(
            "London=SE# #ZZ, Leeds=LS# #ZZ, Bristol=BS# #ZZ, Manchester=M# #ZZ, Norwich=NR# #ZZ, "
            "York=YO# #ZZ, Exeter=EX# #ZZ, Brighton=BN# #ZZ"
        ),
        town="{town} {code}",
    ),
    DemoCountry(
        country_code="DE",
        territory="DEU",
        share=150,
        currency="EUR",
        price_per_100=104,
        languages="de de de de de de de de de en",
        given_names=_words(
            "Anna, Katharina, Jürgen, Sabine, Ursula, Monika, Jörg, Stefan, Matthias, Björn, Lena, Paul, "
            "Felix, Käthe, Günther, Emine"
        ),
        surnames=_words(
            "Müller, Schmidt, Schneider, Fischer, Weber, Meyer, Wagner, Becker, Schäfer, Koch, Bauer, "
            "Krüger, Groß, Vogel, Jäger, Öztürk"
        ),
        streets=_words(
            "Hauptstraße, Bahnhofstraße, Gartenweg, Lindenallee, Schulstraße, Am Mühlbach, Goethestraße, "
            "Bergstraße, Kirchplatz, Waldweg"
        ),
        street="{street} {house_number}",
        towns=_towns(
            "Berlin=10###, Hamburg=20###, München=80###, Köln=50###, Leipzig=04###, Stuttgart=70###, "
            "Nürnberg=90###, Kiel=24###"
        ),
        town="{code} {town}",
    ),
    DemoCountry(
        country_code="US",
        territory="USA",
        share=150,
        currency="USD",
        price_per_100=135,
        languages="en en en en en en en en es es",
        given_names=_words(
            "Mary, Linda, Ashley, Jessica, Sofia, Camila, Michael, William, David, Tyler, Luis, Andre, "
            "Grace, Ethan, Naomi, Carlos"
        ),
        surnames=_words(
            "Johnson, Williams, Miller, Davis, Rodriguez, Martin, Anderson, Lee, Clark, Lewis, Young, King, "
            "Rivera, Nguyen, Cooper, Reed"
        ),
        streets=_words(
            "Main Street, Oak Avenue, Maple Drive, Cedar Lane, Washington Street, Lake View Road, "
            "Elm Street, 2nd Avenue, Sunset Boulevard, Hillcrest Road"
        ),
        street="{house_number} {street}",
        towns=_towns(
            "Austin TX=787##, Columbus OH=432##, Denver CO=802##, Tampa FL=336##, Portland OR=972##, "
            "Albany NY=122##, Sacramento CA=958##, Chicago IL=606##"
        ),
        town="{town} {code}",
    ),
    DemoCountry(
        country_code="JP",
        territory="JPN",
        share=60,
        currency="JPY",
        price_per_100=160,
        languages="en en en en en en en en en en",
        given_names=_words("Haruto, Yuto, Sota, Ren, Kenji, Hiroshi, Aoi, Hina, Yui, Sakura, Emi, Keiko"),
        surnames=_words(
            "Sato, Suzuki, Takahashi, Tanaka, Ito, Watanabe, Yamamoto, Nakamura, Kobayashi, Kato"
        ),
        streets=_words("Honcho, Sakuracho, Midoricho, Minamimachi, Higashimachi, Asahicho"),
        street="{house_number}-2 {street}",
        towns=_towns("Tokyo=100-00##, Osaka=530-00##, Nagoya=460-00##, Sapporo=060-00##, Fukuoka=810-00##"),
        town="{town} {code}",
    ),
    DemoCountry(
        country_code="KW",
        territory="KWT",
        share=40,
        currency="KWD",
        price_per_100=330,
        languages="en en en en en en en en en en",
        given_names=_words("Ahmad, Khaled, Yousef, Fahad, Nasser, Fatma, Noura, Maryam, Dalal, Hessa"),
        surnames=_words(
            "Al-Sabti, Al-Rashed, Al-Mutawa, Al-Hamad, Al-Qattan, Behbehani, Al-Najjar, Al-Saleh"
        ),
        streets=_words("Street 12, Street 40, Gulf Road, Street 7, Fourth Ring Road, Street 105"),
        street="Building {house_number}, {street}",
        towns=_towns("Salmiya=22###, Hawally=32###, Kuwait City=13###, Fahaheel=63###"),
        town="{town} {code}",
    ),
)
"""Countries of the demo book; the shares add up to a thousand."""

PRODUCTS = (
    DemoProduct(
        product_code="AUTO-TERCEROS", branch="AUTO", share=250, lowest_cents=240_00, highest_cents=720_00
    ),
    DemoProduct(
        product_code="AUTO-COMPLETO", branch="AUTO", share=150, lowest_cents=480_00, highest_cents=1_900_00
    ),
    DemoProduct(
        product_code="HOGAR-PLUS", branch="HOGAR", share=270, lowest_cents=110_00, highest_cents=620_00
    ),
    DemoProduct(product_code="RC-PRIVADA", branch="RC", share=100, lowest_cents=60_00, highest_cents=240_00),
    DemoProduct(
        product_code="VIAJE-ANUAL", branch="VIAJE", share=60, lowest_cents=70_00, highest_cents=260_00
    ),
    DemoProduct(
        product_code="SALUD-FAMILIA", branch="SALUD", share=110, lowest_cents=540_00, highest_cents=3_600_00
    ),
    DemoProduct(
        product_code="MASCOTAS", branch="DIVERSOS", share=60, lowest_cents=80_00, highest_cents=310_00
    ),
)
"""Products of the demo book; the shares add up to a thousand."""

PLAN_SHARES = {"A": 540, "S": 240, "T": 150, "M": 66, "W": 3, "D": 1}
"""How often the demo insurer's payment codes occur in a thousand: yearly, half-yearly, quarterly, monthly,
weekly, daily."""
