"""Names and addresses, written for the demo: common given names, surnames, streets and towns of ten countries."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

# country: (men, women, surnames)
_NAMES: dict[str, tuple[str, str, str]] = {
    "DK": (
        "Anders Bjørn Christian Emil Frederik Gustav Henrik Jens Jørgen Kasper Lars Mads Magnus "
        "Mikkel Niels Oskar "
        "Peter Rasmus Søren Thomas Viggo William Åge Ole Troels Jesper",
        "Anna Astrid Birgitte Camilla Ditte Emma Freja Gitte Hanne Ida Inger Johanne Karen Kirsten "
        "Laura Line Maja "
        "Mette Naja Pernille Rikke Signe Sofie Tove Ulla Åse",
        "Andersen Bech Bjerregaard Christensen Dam Eriksen Friis Gregersen Holm Iversen Jensen "
        "Jørgensen Kjær Kristensen "
        "Lauridsen Madsen Møller Nielsen Nørgaard Olsen Pedersen Poulsen Rasmussen Schmidt Skov "
        "Sørensen Thomsen Vestergaard "
        "Winther Åkjær Høgh Bruun",
    ),
    "SE": (
        "Axel Björn Carl Erik Fredrik Göran Gustaf Hampus Isak Johan Jonas Karl Lennart Ludvig "
        "Magnus Mårten Nils Oskar Per "
        "Rikard Sven Tobias Viktor Åke",
        "Agnes Alva Birgitta Cecilia Ebba Elin Elsa Eva Frida Gunilla Hanna Ingrid Julia Karin "
        "Klara Linnéa Maria Moa Sara Sigrid "
        "Stina Tuva Ulrika Åsa",
        "Andersson Berg Björk Dahlström Ekström Fransson Forsberg Gustafsson Hedlund Isaksson "
        "Johansson Karlsson Lindberg Lindqvist "
        "Lundgren Månsson Nilsson Nyström Öberg Persson Sandström Sjögren Svensson Söderberg Wallin Åkerlund",
    ),
    "NO": (
        "Arne Bjørnar Eirik Endre Geir Håkon Henrik Ivar Jonas Kjell Kristian Lars Magnus Odd Ola "
        "Pål Sigurd Sindre Stian Tor Øystein",
        "Anne Berit Elise Eline Grete Guro Hege Ingeborg Ingvild Kari Kristin Liv Mari Marte Nora "
        "Ragnhild Silje Solveig Thea Tuva Åse",
        "Aasen Bakke Berge Bråten Dahl Eide Fjeld Gulbrandsen Haugen Hansen Johansen Kristiansen "
        "Lie Lund Moen Myhre Nygård Olsen "
        "Pettersen Ruud Solberg Strand Sæther Tangen Vik Ødegård",
    ),
    "DE": (
        "Andreas Bernd Christian Dieter Felix Florian Günther Hans Jan Jürgen Jörg Karl Lukas "
        "Markus Matthias Michael Niklas Paul "
        "Stefan Thomas Tobias Uwe Wolfgang",
        "Anja Anke Birgit Brigitte Christina Franziska Gabriele Hannah Heike Ingrid Julia Katharina "
        "Käthe Lena Leonie Monika Nicole "
        "Petra Sabine Silke Susanne Ursula Ute",
        "Bauer Becker Braun Fischer Groß Hartmann Hoffmann Jäger Keller Klein Köhler Krüger Lange "
        "Lehmann Maier Meyer Müller Neumann "
        "Richter Schäfer Schröder Schulz Schwarz Vogel Wagner Weiß Zimmermann",
    ),
    "GB": (
        "Alexander Andrew Anthony Benjamin Charles Daniel David Edward George Harry Jack James John "
        "Matthew Michael Nicholas Oliver "
        "Robert Samuel Stephen Thomas William",
        "Abigail Alice Amelia Catherine Charlotte Elizabeth Emily Fiona Grace Hannah Helen Jane "
        "Jennifer Katherine Lucy Margaret Olivia "
        "Rebecca Sarah Sophie Susan Victoria",
        "Adams Barker Bennett Brown Campbell Carter Clarke Cooper Davies Edwards Evans Green Hughes "
        "Jackson Johnson Jones Kelly Lewis "
        "Marshall Mitchell O'Brien Parker Roberts Smith Taylor Thompson Turner Walker Wilson Wright",
    ),
    "PL": (
        "Adam Andrzej Bartosz Grzegorz Jakub Jan Kamil Krzysztof Łukasz Marcin Marek Mateusz Michał "
        "Paweł Piotr Rafał Stanisław Tomasz "
        "Wojciech Zbigniew",
        "Agnieszka Aleksandra Anna Barbara Beata Ewa Grażyna Hanna Joanna Julia Katarzyna Magdalena "
        "Małgorzata Maria Marta Monika Natalia "
        "Zofia Żaneta",
        "Dąbrowski Grabowski Jankowski Kaczmarek Kamiński Kowalczyk Kowalski Kozłowski Król "
        "Krawczyk Lewandowski Mazur Nowak Nowicki "
        "Pawłowski Piotrowski Sikora Szymański Wieczorek Wiśniewski Wójcik Woźniak Wróbel Zając Zieliński",
    ),
    "FI": (
        "Aleksi Antti Eero Heikki Ilkka Jaakko Janne Juha Jussi Kalle Lauri Markku Matti Mikko Olli "
        "Pekka Sami Timo Väinö Ville",
        "Aino Anneli Elina Emilia Hanna Helmi Johanna Kaisa Katja Leena Liisa Maarit Marja Minna "
        "Outi Päivi Riikka Satu Tiina Venla",
        "Hakala Hämäläinen Heikkinen Järvinen Karjalainen Koskinen Korhonen Laaksonen Laine "
        "Lehtonen Mäkelä Mäkinen Nieminen Ojala "
        "Rantanen Saarinen Salonen Turunen Virtanen Väisänen",
    ),
    "ES": (
        "Alejandro Álvaro Andrés Antonio Carlos Diego Fernando Francisco Ignacio Javier Jesús Jorge "
        "José Luis Manuel Martín Miguel Pablo "
        "Rafael Sergio",
        "Alba Ana Beatriz Carmen Cristina Elena Inés Isabel Laura Lucía Luisa María Marta Mercedes "
        "Montserrat Paula Pilar Raquel Rocío Sofía",
        "Álvarez Blanco Castro Delgado Díaz Domínguez Fernández García Gómez González Gutiérrez "
        "Hernández Iglesias Jiménez López Martínez "
        "Moreno Muñoz Núñez Ortega Pérez Ramos Rodríguez Romero Ruiz Sánchez Suárez Torres Vázquez",
    ),
    "TR": (
        "Ahmet Ali Burak Can Cem Deniz Emre Fatih Hakan Halil Hüseyin İbrahim Kemal Mehmet Murat "
        "Mustafa Okan Ömer Serkan Yusuf",
        "Aylin Ayşe Büşra Çiğdem Derya Elif Emine Esra Fatma Gül Hatice Leyla Melek Merve Özlem "
        "Selin Şule Yasemin Zehra Zeynep",
        "Acar Arslan Aslan Aydın Bulut Çelik Çetin Demir Doğan Erdoğan Güneş Kaplan Kaya Kılıç Koç "
        "Kurt Öztürk Polat Şahin Şimşek Tekin "
        "Ünal Yavuz Yıldırım Yıldız Yılmaz",
    ),
    "TH": (
        "Anan Chai Kittisak Narong Nattapong Prasert Sakchai Somchai Somsak Surasak Thanawat Wichai",
        "Apinya Chanida Kanya Malee Nattaya Ploy Pornthip Siriporn Sunisa Supaporn Wanida Waraporn",
        "Boonmee Chaiyasit Intarat Kaewmanee Phongsai Rattanakorn Saetang Srisai Suksawat Thongchai Wongsuwan Yodsuk",
    ),
}

ORIGINS: tuple[str, ...] = tuple(_NAMES)

NICKNAMES = {
    "Christian": "Chris", "Frederik": "Frede", "Mikkel": "Mik", "Thomas": "Tom",
    "William": "Will", "Alexander": "Alex",
    "Benjamin": "Ben", "Robert": "Bob", "Michael": "Mike", "Elizabeth": "Liz",
    "Katherine": "Kate", "Catherine": "Cathy",
    "Margaret": "Maggie", "Birgitte": "Gitte", "Johanne": "Hanne", "Kirsten": "Kis",
    "Camilla": "Milla", "Andreas": "Andi",
    "Matthias": "Matze", "Katharina": "Kathi", "Susanne": "Susi", "Francisco": "Paco",
    "José": "Pepe", "Antonio": "Toni",
    "Aleksandra": "Ola", "Katarzyna": "Kasia", "Małgorzata": "Gosia", "Krzysztof": "Krzysiek",
    "Magnus": "Mange",
    "Birgitta": "Bibbi", "Kristian": "Kris", "Ingeborg": "Inga", "Nicholas": "Nick",
    "Samuel": "Sam", "Daniel": "Dan",
    "Rasmus": "Ras", "Rebecca": "Becky", "Jennifer": "Jenny", "Stephen": "Steve", "Victoria": "Vicky",
}  # fmt: skip

# How a reservation system writes letters that telex does not know.
_TRANSLITERATION = str.maketrans(
    {
        "Å": "AA", "Æ": "AE", "Ø": "OE", "Ä": "AE", "Ö": "OE", "Ü": "UE", "ß": "SS", "ẞ": "SS",
        "Ł": "L", "Ą": "A", "Ę": "E",
        "Ć": "C", "Ń": "N", "Ó": "O", "Ś": "S", "Ź": "Z", "Ż": "Z", "É": "E", "Á": "A", "Í": "I",
        "Ú": "U", "Ñ": "N",
        "Ç": "C", "Ş": "S", "Ğ": "G", "İ": "I", "È": "E", "Ë": "E", "'": "", "Ô": "O",
    }
)  # fmt: skip
# The other way seen in practice: the accent is simply dropped.
_PLAIN = str.maketrans({"Å": "A", "Æ": "AE", "Ø": "O", "Ä": "A", "Ö": "O", "Ü": "U"})


def telex(name: str, *, plain: bool = False) -> str:
    upper = name.replace("i", "I").replace("ı", "I").upper()
    return (upper.translate(_PLAIN) if plain else upper).translate(_TRANSLITERATION)


@dataclass(frozen=True)
class NameBook:
    """One long column of given names and one of surnames, with the slice of each origin and gender."""

    given: NDArray[np.object_]
    given_telex: NDArray[np.object_]
    given_plain: NDArray[np.object_]
    given_nick: NDArray[np.object_]
    surname: NDArray[np.object_]
    surname_telex: NDArray[np.object_]
    surname_plain: NDArray[np.object_]
    given_start: NDArray[np.int64]  # (origin, gender)
    given_count: NDArray[np.int64]
    surname_start: NDArray[np.int64]
    surname_count: NDArray[np.int64]


def book() -> NameBook:
    lists = [[part.split() for part in _NAMES[origin]] for origin in ORIGINS]
    given = [name for men, women, _ in lists for name in (*men, *women)]
    surnames = [name for _, _, family in lists for name in family]
    given_count = np.array([[len(men), len(women)] for men, women, _ in lists])
    surname_count = np.array([len(family) for _, _, family in lists])
    flat = given_count.ravel()
    return NameBook(
        given=_column(given),
        given_telex=_column([telex(name) for name in given]),
        given_plain=_column([telex(name, plain=True) for name in given]),
        given_nick=_column([NICKNAMES.get(name, name) for name in given]),
        surname=_column(surnames),
        surname_telex=_column([telex(name) for name in surnames]),
        surname_plain=_column([telex(name, plain=True) for name in surnames]),
        given_start=(np.cumsum(flat) - flat).reshape(given_count.shape),
        given_count=given_count,
        surname_start=np.cumsum(surname_count) - surname_count,
        surname_count=surname_count,
    )


def _column(values: list[str]) -> NDArray[np.object_]:
    out = np.empty(len(values), dtype=object)
    out[:] = values
    return out
