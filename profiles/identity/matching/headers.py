"""Guesses which column of somebody's table is which of our fields: by its header, then by what it holds.

A mapping given by the caller stands; what it does not name is guessed. A column that is not recognised is no evidence.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import pandas as pd

from profiles.identity.matching import names
from profiles.nicknames import ROOTS

# By field, headers it goes under, in words. Compared without case, marks and the words of `_NOISE`.
ALIASES: dict[str, str] = {
    "given_name": "given name,givenname,first name,firstname,fname,forename,first,given,vorname,prenom,nombre,nome,"
    "name first,christian name,voornaam,fornavn,imie,fname c1",
    "middle_name": "middle name,middlename,mname,middle,second name,middle initial,fname c2",
    "surname": "surname,last name,lastname,lname,family name,familyname,last,family,nachname,familienname,nom,apellido,"
    "apellidos,cognome,achternaam,efternavn,nazwisko,sname,name last,lname c1",
    "surname_2": "lname c2,second surname,surname 2,apellido 2",
    "full_name": "name,full name,fullname,complete name,person,name full",
    "birth_date": "date of birth,dob,birth date,birthdate,birthday,born,born on,date birth,geburtsdatum,"
    "date naissance,fecha nacimiento,bdate,birth dt,dt birth",
    "birth_year": "by,birth year,year of birth,yob,birthyear,year birth,geburtsjahr",
    "birth_month": "bm,birth month,month of birth,mob,birthmonth,month birth",
    "birth_day": "bd,birth day,day of birth,day birth",
    "gender": "gender,sex,geschlecht,sexe,genero",
    "email": "email,e mail,mail,email address,emailaddress,e mail address,email addr",
    "phone": "phone,telephone,tel,mobile,cell,cellphone,phone number,phonenumber,mobile number,telephone number,msisdn,"
    "mobile phone,telefon,telefono,handy,phone no,tel no,home phone",
    "document": "soc sec id,ssn,social security number,social security,national id,nationalid,nin,nino,nhs number,"
    "passport,passport number,passport no,document,document number,document no,tax id,tin,id card,identity card,"
    "personal number,tax file number,medicare,driving licence,driver license,soc sec,sozialversicherungsnummer",
    "loyalty_number": "loyalty number,loyalty no,loyalty id,frequent flyer,frequent flyer number,ffn,ff number,"
    "membership number,membership no,membership id,card number,loyalty card",
    "street_number": "street number,streetnumber,house number,housenumber,house no,street no,street num,hausnummer,"
    "building number,house,stno",
    "street": "address 1,address1,street,street name,streetname,address,addr,addr 1,address line 1,street address,"
    "strasse,adresse,direccion,straat,address line,residential address",
    "address_2": "address 2,address2,addr 2,address line 2,unit,apartment,flat,apt,address extra",
    "city": "suburb,city,town,locality,ort,stadt,ville,ciudad,municipality,city name,place,stad,res city",
    "postal_code": "postcode,postal code,post code,zip,zip code,plz,postleitzahl,code postal,postcode fake,zip5",
    "region": "state,region,province,county,bundesland,state code,res state",
    "country": "country,country code,nation,land,pays,pais",
    "birth_place": "birth place,birthplace,place of birth,geburtsort,birth city",
    "occupation": "occupation,profession,job,job title,beruf",
}
FIELDS = tuple(ALIASES)
_NOISE = frozenset(
    [
        "customer",
        "cust",
        "client",
        "passenger",
        "pax",
        "member",
        "traveller",
        "traveler",
        "guest",
        "contact",
        "person",
        "primary",
        "main",
    ]
)
_BY_HEADER = {alias: name for name, aliases in ALIASES.items() for alias in aliases.split(",")}
_SAMPLE = 5_000
_DATE = re.compile(r"\D*(1[89]\d\d|20[0-2]\d)\W?[01]?\d\W?[0-3]?\d\D*|[0-3]?\d\W[01]?\d\W(19|20)?\d\d")
_PHONE = re.compile(r"\+?[\d\s()./-]{7,20}")
_WORD = re.compile(r"[^\W\d_][^\d_]*")


@dataclass(frozen=True)
class Mapping_:
    """By field of ours, the columns it is read from, and why nothing is read from the others."""

    columns: dict[str, list[str]]
    unused: list[str] = field(default_factory=list)


class WrongMapping(ValueError):
    """The mapping names a field or a column that does not exist."""


def guess(frame: pd.DataFrame, *, given: Mapping[str, object] | None = None, leave_out: Iterable[str] = ()) -> Mapping_:
    """Which columns hold which field. `given` decides for the fields it names; `leave_out` are never read."""
    out = set(leave_out)
    decided = _as_given(frame, given or {})
    taken = {column for columns in decided.values() for column in columns} | out
    for column in frame.columns:
        name = _by_header(str(column))
        if column in taken or name is None or name in decided:
            continue
        if _plausible(name, frame[column]):
            decided[name] = [str(column)]
            taken.add(column)
    _by_content(frame, decided, taken)
    used = {column for columns in decided.values() for column in columns}
    columns = {name: decided[name] for name in FIELDS if decided.get(name)}
    return Mapping_(columns, [str(column) for column in frame.columns if column not in used and column not in out])


def _as_given(frame: pd.DataFrame, given: Mapping[str, object]) -> dict[str, list[str]]:
    by_name = {str(column).strip().casefold(): str(column) for column in frame.columns}
    decided: dict[str, list[str]] = {}
    for name, wanted in given.items():
        if name not in FIELDS:
            raise WrongMapping(f"{name!r} is not a field; the fields are {', '.join(FIELDS)}")
        columns = [wanted] if isinstance(wanted, str) else wanted if isinstance(wanted, Sequence) else []
        for column in columns:
            if str(column).strip().casefold() not in by_name:
                raise WrongMapping(
                    f"{name}: there is no column {column!r}; the columns are {', '.join(by_name.values())}"
                )
        decided[name] = [by_name[str(column).strip().casefold()] for column in columns]
    return decided


def _by_header(header: str) -> str | None:
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", header)
    words = [word for word in re.split(r"[^0-9a-z]+", names.plain(spaced)) if word]
    for attempt in (words, [word for word in words if word not in _NOISE]):
        found = _BY_HEADER.get(" ".join(attempt)) or _BY_HEADER.get("".join(attempt))
        if found:
            return found
    return None


def _sample(values: pd.Series) -> pd.Series:
    texts = values.dropna().astype(str).str.strip()
    return texts[texts != ""].head(_SAMPLE)


def _plausible(name: str, values: pd.Series) -> bool:
    """A header may lie: a column called `email` without an @ is none, and an empty one is nothing."""
    texts = _sample(values)
    if texts.empty:
        return False
    if name == "email":
        return bool(texts.str.contains("@", regex=False).mean() > 0.3)
    if name == "birth_date":
        return bool(texts.str.contains(r"\d{2}", regex=True).mean() > 0.5)
    return True


def _by_content(frame: pd.DataFrame, decided: dict[str, list[str]], taken: set[str]) -> None:
    """What the header does not tell the values may: addresses with an @, dates of birth, names."""
    for name, share in (("email", _share_email), ("birth_date", _share_date), ("phone", _share_phone)):
        if name in decided or (name == "birth_date" and "birth_year" in decided):
            continue
        likely = {c: share(_sample(frame[c])) for c in frame.columns if c not in taken}
        best = max(likely, key=lambda c: likely[c], default=None)
        if best is not None and likely[best] > 0.8:
            decided[name] = [str(best)]
            taken.add(str(best))
    if "full_name" in decided and not {"given_name", "surname"} & set(decided):
        return
    free = [c for c in frame.columns if c not in taken]
    if "given_name" not in decided:
        likely = {c: _share_given(_sample(frame[c])) for c in free}
        best = max(likely, key=lambda c: likely[c], default=None)
        if best is not None and likely[best] > 0.3:
            decided["given_name"] = [str(best)]
            taken.add(str(best))
            free.remove(best)
    if "surname" not in decided and "given_name" in decided:
        likely = {c: _share_surname(_sample(frame[c])) for c in free}
        best = max(likely, key=lambda c: likely[c], default=None)
        if best is not None and likely[best] > 0.15:
            decided["surname"] = [str(best)]
            taken.add(str(best))


def _share_email(texts: pd.Series) -> float:
    return float(texts.str.contains(r"[^@\s]+@[^@\s]+\.\w+", regex=True).mean()) if len(texts) else 0.0


def _share_date(texts: pd.Series) -> float:
    """Dates spread over many years; dates of last year only are of something else."""
    if texts.empty:
        return 0.0
    years = texts.str.extract(r"((?:19|20)\d\d)")[0].dropna()
    spread = years.nunique() >= min(20, len(texts) / 4)
    return float(texts.map(lambda text: bool(_DATE.fullmatch(text))).mean()) if spread else 0.0


def _share_phone(texts: pd.Series) -> float:
    if texts.empty or texts.str.len().median() < 8:
        return 0.0
    marked = texts.str.contains(r"^\+|^0|[\s()./-]", regex=True).mean() > 0.5
    return float(texts.map(lambda text: bool(_PHONE.fullmatch(text))).mean()) if marked else 0.0


def _share_given(texts: pd.Series) -> float:
    known = texts.map(lambda text: (names.given_name(text) or "") in ROOTS)
    return float(known.mean()) if len(texts) else 0.0


def _share_surname(texts: pd.Series) -> float:
    """The variety of a column of single words: surnames vary more than anything else written in letters."""
    if texts.empty or texts.map(lambda text: bool(_WORD.fullmatch(text))).mean() < 0.8:
        return 0.0
    return float(texts.nunique() / len(texts)) if texts.str.count(" ").mean() < 0.5 else 0.0
