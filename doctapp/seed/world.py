"""The demo world described: the same clinics, doctors, fees and hours every time, from 20 to 200,000 doctors."""

import csv
import random
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from . import names

SEED = 1971
THIS_YEAR = 2026
FEWEST_DOCTORS = 20
HERE = Path(__file__).parent
AREAS = HERE.parent / "clinics" / "areas.csv"
SPECIALTIES = HERE.parent / "doctors" / "specialties.csv"
BANGLA_DIGITS = str.maketrans("0123456789", "০১২৩৪৫৬৭৮৯")


@dataclass(frozen=True, slots=True)
class Clinic:
    """A place where doctors have chambers."""

    slug: str
    name_en: str
    name_bn: str
    address_en: str
    address_bn: str
    area: str
    phone: str


@dataclass(frozen=True, slots=True)
class Hours:
    """One weekly sitting in minutes after local midnight; the end may lie past midnight."""

    weekday: int
    start: int
    end: int
    minutes: int
    capacity: int


@dataclass(frozen=True, slots=True)
class Chamber:
    """One doctor at one clinic: room, fees in poisha, how requests are answered, weekly hours."""

    clinic: str
    room_en: str
    room_bn: str
    fee_new: int
    fee_follow_up: int
    follow_up_days: int
    fee_report: int
    report_days: int
    acceptance: str
    hours: tuple[Hours, ...]


@dataclass(frozen=True, slots=True)
class Doctor:
    """One doctor as the directory and the register know them; tags mark the special cases of the demo."""

    slug: str
    name_en: str
    name_bn: str
    sex: str
    degrees_en: str
    degrees_bn: str
    title_en: str
    title_bn: str
    college_en: str
    college_bn: str
    passing_year: int
    registration: str
    registration_until: date
    specialties: tuple[str, ...]
    languages: tuple[str, ...]
    about_en: str
    about_bn: str
    rating_tenths: int | None
    rating_count: int
    chambers: tuple[Chamber, ...]
    tags: frozenset[str]


@dataclass(frozen=True, slots=True)
class World:
    """All clinics and doctors of the demo."""

    clinics: tuple[Clinic, ...]
    doctors: tuple[Doctor, ...]


def _pairs(text: str) -> tuple[tuple[str, str], ...]:
    return tuple((en.strip(), bn.strip()) for en, bn in (pair.split("|") for pair in text.split(";")))


# ---- What each kind of doctor studied, asks people to bring, how often there is one, how long a visit takes.
@dataclass(frozen=True, slots=True)
class Calling:
    """How doctors of one specialty are trained and work."""

    subject_en: str
    subject_bn: str
    second: str
    diploma: str
    bring: str
    weight: int
    minutes: tuple[int, ...]


def _callings(text: str) -> dict[str, Calling]:
    rows = ([cell.strip() for cell in line.split("|")] for line in text.strip().splitlines())
    return {
        slug: Calling(en, bn, second, diploma, bring, int(weight), tuple(map(int, minutes.split())))
        for slug, en, bn, second, diploma, bring, weight, minutes in rows
    }


CALLINGS = _callings("""
    medicine | Medicine | মেডিসিন | MD | MRCP (UK) | papers | 14 | 6 8 10
    children | Paediatrics | পেডিয়াট্রিক্স | MD | DCH | child | 9 | 6 8 10
    womens-health | Obstetrics and Gynaecology | অবস ও গাইনি | MS | DGO | pregnancy | 10 | 8 10 12
    heart | Cardiology | কার্ডিওলজি | MD | D-Card | heart | 7 | 8 10
    bones-joints | Orthopaedics | অর্থোপেডিক্স | MS | D-Ortho | films | 7 | 6 8 10
    skin | Dermatology | ডার্মাটোলজি | MD | DDV | creams | 6 | 5 6 8
    ent | ENT | ইএনটি | MS | DLO | papers | 5 | 6 8 10
    eyes | Ophthalmology | অফথালমোলজি | MS | DO | glasses | 5 | 6 8 10
    teeth | Dentistry | ডেন্টিস্ট্রি | MS | | teeth | 5 | 15 20 30
    diabetes-hormones | Endocrinology | এন্ডোক্রাইনোলজি | MD | | sugar | 5 | 8 10
    stomach | Gastroenterology | গ্যাস্ট্রোএন্টারোলজি | MD | | papers | 4 | 6 8 10
    brain-nerves | Neurology | নিউরোলজি | MD | | films | 4 | 8 10 12
    lungs | Chest Diseases | বক্ষব্যাধি | MD | DTCD | films | 3 | 8 10
    surgery | Surgery | সার্জারি | MS | | papers | 4 | 6 8 10
    kidneys | Nephrology | নেফ্রোলজি | MD | | papers | 3 | 8 10
    urology | Urology | ইউরোলজি | MS | | papers | 3 | 8 10
    mental-health | Psychiatry | সাইকিয়াট্রি | MD | | trust | 3 | 15 20 30
    arthritis | Rheumatology | রিউমাটোলজি | MD | | films | 2 | 8 10
    rehabilitation | Physical Medicine | ফিজিক্যাল মেডিসিন | MD | | films | 2 | 10 12
    liver | Hepatology | হেপাটোলজি | MD | | papers | 2 | 8 10
    newborns | Neonatology | নিওনেটোলজি | MD | DCH | child | 1 | 10 12
    piles | Colorectal Surgery | কলোরেক্টাল সার্জারি | MS | | papers | 1 | 8 10
    infertility | Infertility | ইনফার্টিলিটি | MS | DGO | papers | 1 | 12 15
    cancer | Oncology | অনকোলজি | MD | | papers | 2 | 10 15
    blood | Haematology | হেমাটোলজি | MD | | papers | 1 | 10 12
    neurosurgery | Neurosurgery | নিউরোসার্জারি | MS | | films | 2 | 8 10
    childrens-surgery | Paediatric Surgery | পেডিয়াট্রিক সার্জারি | MS | | child | 1 | 8 10
    infections | Infectious Diseases | সংক্রামক রোগ | MD | | papers | 1 | 8 10
    nutrition | Nutrition | পুষ্টি | MD | | sugar | 1 | 15 20
    plastic-surgery | Plastic Surgery | প্লাস্টিক সার্জারি | MS | | papers | 1 | 10 12
    heart-surgery | Cardiac Surgery | কার্ডিয়াক সার্জারি | MS | | heart | 1 | 10 12
""")
BRING = {
    "papers": ("Please bring earlier prescriptions and test reports.", "আগের প্রেসক্রিপশন ও পরীক্ষার রিপোর্ট সঙ্গে আনবেন।"),
    "child": (
        "Please bring the vaccine card and the medicines given so far.",
        "টিকার কার্ড ও এখন যে ওষুধ চলছে তা সঙ্গে আনবেন।",
    ),
    "pregnancy": (
        "Please bring ultrasound reports, earlier prescriptions and, if you are pregnant, your antenatal card.",
        "আল্ট্রাসনোগ্রামের রিপোর্ট, আগের প্রেসক্রিপশন আর গর্ভবতী হলে চেকআপ কার্ড সঙ্গে আনবেন।",
    ),
    "heart": (
        "Please bring ECG, echo and blood reports and the medicines you take now.",
        "ইসিজি, ইকো ও রক্তের রিপোর্ট এবং এখন যে ওষুধ খান তা সঙ্গে আনবেন।",
    ),
    "films": (
        "Please bring X-ray, CT or MRI films, not only the written reports.",
        "এক্স-রে, সিটি বা এমআরআই ফিল্ম সঙ্গে আনবেন, শুধু লেখা রিপোর্ট নয়।",
    ),
    "creams": (
        "Please bring the creams and tablets used so far, and come without make-up.",
        "এ পর্যন্ত ব্যবহার করা মলম ও ওষুধ সঙ্গে আনবেন, মেকআপ ছাড়া আসবেন।",
    ),
    "glasses": (
        "Please bring your glasses and somebody to go home with, because eye drops can blur your sight for some hours.",
        "চশমা ও একজন সঙ্গী নিয়ে আসবেন, কারণ চোখের ড্রপে কয়েক ঘণ্টা ঝাপসা লাগতে পারে।",
    ),
    "teeth": (
        "Please bring earlier dental X-rays and say if any medicine gives you an allergy.",
        "আগের দাঁতের এক্স-রে সঙ্গে আনবেন, কোনো ওষুধে অ্যালার্জি থাকলে জানাবেন।",
    ),
    "sugar": (
        "Please bring your sugar record, the latest blood reports and a list of what you usually eat.",
        "সুগারের খাতা, সর্বশেষ রক্তের রিপোর্ট ও সাধারণত কী খান তার তালিকা সঙ্গে আনবেন।",
    ),
    "trust": (
        "You may come alone or with somebody you trust; please bring the names of the medicines you take.",
        "একা বা বিশ্বস্ত কাউকে নিয়ে আসতে পারেন; যে ওষুধ খান তার নাম সঙ্গে আনবেন।",
    ),
}
DEGREES_BN = dict(
    _pairs("""
    MBBS | এমবিবিএস; BDS | বিডিএস; BCS (Health) | বিসিএস (স্বাস্থ্য); FCPS | এফসিপিএস; MD | এমডি; MS | এমএস;
    MRCP (UK) | এমআরসিপি (ইউকে); DCH | ডিসিএইচ; DGO | ডিজিও; D-Card | ডি-কার্ড; D-Ortho | ডি-অর্থো; DDV | ডিডিভি;
    DLO | ডিএলও; DO | ডিও; DTCD | ডিটিসিডি
""")
)
# From which year on graduates come from a college, so that nobody finished before it existed.
COLLEGES = (
    ("Dhaka Medical College", "ঢাকা মেডিকেল কলেজ", 1952),
    ("Chattogram Medical College", "চট্টগ্রাম মেডিকেল কলেজ", 1963),
    ("Rajshahi Medical College", "রাজশাহী মেডিকেল কলেজ", 1964),
    ("Mymensingh Medical College", "ময়মনসিংহ মেডিকেল কলেজ", 1968),
    ("Sylhet MAG Osmani Medical College", "সিলেট এম এ জি ওসমানী মেডিকেল কলেজ", 1968),
    ("Sir Salimullah Medical College", "স্যার সলিমুল্লাহ মেডিকেল কলেজ", 1978),
    ("Sher-e-Bangla Medical College", "শের-ই-বাংলা মেডিকেল কলেজ", 1974),
    ("Rangpur Medical College", "রংপুর মেডিকেল কলেজ", 1976),
    ("Cumilla Medical College", "কুমিল্লা মেডিকেল কলেজ", 1998),
    ("Khulna Medical College", "খুলনা মেডিকেল কলেজ", 1998),
    ("Shaheed Ziaur Rahman Medical College", "শহীদ জিয়াউর রহমান মেডিকেল কলেজ", 1998),
    ("Faridpur Medical College", "ফরিদপুর মেডিকেল কলেজ", 1998),
    ("Dinajpur Medical College", "দিনাজপুর মেডিকেল কলেজ", 1998),
    ("Noakhali Medical College", "নোয়াখালী মেডিকেল কলেজ", 2014),
)
DENTAL_COLLEGES = (
    ("Dhaka Dental College", "ঢাকা ডেন্টাল কলেজ", 1966),
    ("Dental Unit, Chattogram Medical College", "ডেন্টাল ইউনিট, চট্টগ্রাম মেডিকেল কলেজ", 1995),
    ("Dental Unit, Rajshahi Medical College", "ডেন্টাল ইউনিট, রাজশাহী মেডিকেল কলেজ", 1995),
)
# (years since passing, titles, usual new fee in taka), the longest first.
RANKS = (
    (24, (("Professor", "অধ্যাপক"), ("Chief Consultant", "চিফ কনসালট্যান্ট")), (1000, 1500)),
    (17, (("Associate Professor", "সহযোগী অধ্যাপক"), ("Senior Consultant", "সিনিয়র কনসালট্যান্ট")), (800, 1000)),
    (11, (("Assistant Professor", "সহকারী অধ্যাপক"), ("Consultant", "কনসালট্যান্ট")), (600, 800)),
    (7, (("Junior Consultant", "জুনিয়র কনসালট্যান্ট"), ("Registrar", "রেজিস্ট্রার")), (500, 600)),
    (0, (("Medical Officer", "মেডিকেল অফিসার"), ("Resident Physician", "আবাসিক চিকিৎসক")), (300, 500)),
)
DENTAL_TITLES = (("Dental Surgeon", "ডেন্টাল সার্জন"),)
REGIONS = {"cumilla": 30, "dhaka": 27, "chattogram": 14, "sylhet": 9, "elsewhere": 20}

# ---- When doctors sit. Windows of one part of the day never touch those of another, so a plan cannot overlap.
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
WINDOWS = {
    "morning": ((540, 720), (570, 750), (600, 780)),
    "afternoon": ((840, 960), (870, 990)),
    "evening": ((1020, 1260), (1020, 1200), (1050, 1290), (1080, 1260), (1080, 1320)),
    "late": ((1320, 1530),),
}


@dataclass(frozen=True, slots=True)
class Part:
    """One part of the day on some weekdays."""

    days: tuple[int, ...]
    window: str


Plan = tuple[tuple[Part, ...], ...]


def _plan(text: str) -> Plan:
    return tuple(tuple(_part(part) for part in chamber.split("+")) for chamber in text.split("/"))


def _part(text: str) -> Part:
    *days, window = text.split()
    return Part(tuple(map(DAYS.index, days)), window)


PLANS = tuple(
    (weight, _plan(text))
    for weight, text in (
        (22, "sat sun mon tue wed thu evening"),
        (10, "sun mon tue wed thu evening"),
        (8, "sat mon wed evening"),
        (7, "sun tue thu evening"),
        (5, "sat sun mon tue wed thu morning"),
        (5, "sat sun tue morning + sat sun tue evening"),
        (6, "fri morning + fri evening"),
        (15, "sat sun mon tue wed thu evening / fri morning"),
        (10, "sat mon wed evening / sun tue thu evening"),
        (6, "sat sun mon tue evening / sat mon afternoon"),
        (4, "sat mon wed evening / sun tue evening / fri morning"),
    )
)


# ---- The people every demo has, whatever its size: the first by name, then one for each thing that can be odd.
@dataclass(frozen=True, slots=True)
class Role:
    """What is settled about a doctor before the dice are thrown."""

    name: names.Name
    sex: str
    specialty: str
    year: int
    clinics: tuple[str, ...]
    plan: Plan
    tags: frozenset[str]


def _role(line: str) -> Role:
    en, bn, sex, specialty, year, clinics, plan, tags = (cell.strip() for cell in line.split("|"))
    return Role(
        names.Name(en, bn), sex, specialty, int(year), tuple(clinics.split()), _plan(plan), frozenset(tags.split())
    )


CAST_ROWS = """
    Rokeya Begum | রোকেয়া বেগম | female | medicine | 2008 | gomoti-hospital town-hall-clinic | sat sun mon tue wed thu evening / fri morning | demo
    Karim Uddin | করিম উদ্দিন | male | heart | 2006 | mainamati-heart-centre | sat sun mon tue wed thu evening | karim
    Anisur Rahman | আনিসুর রহমান | male | heart | 1999 | mainamati-heart-centre | sat sun mon tue wed thu evening | full
    Nusrat Jahan | নুসরাত জাহান | female | children | 2009 | town-hall-clinic gomoti-hospital | sat sun mon tue wed thu evening / fri morning | automatic
    Tahmina Akter | তাহমিনা আক্তার | female | medicine | 2011 | town-hall-clinic gomoti-hospital | sat mon wed afternoon / sat sun mon wed evening | two-chambers-one-day
    Biplob Kumar Das | বিপ্লব কুমার দাস | male | heart | 2014 | gomoti-hospital | sat mon wed evening | full new
    Oi | ওই | female | skin | 2016 | dharmasagar-diagnostic-centre | sun tue thu evening | short-name
    Abul Fazal Mohammad Shamsuddoha Khandaker Mahbubur Rahman Khan | আবুল ফজল মোহাম্মদ শামসুদ্দোহা খন্দকার মাহবুবুর রহমান খান | male | kidneys | 1992 | medical-gate-diagnostic-centre | sat mon wed evening | long-name full
    Shafiqul Islam | শফিকুল ইসলাম | male | medicine | 2003 | police-line-medical-centre | sat sun mon tue wed thu evening | equal-names
    Shafiqul Islam | শফিকুল ইসলাম | male | teeth | 2017 | race-course-dental-care | sat sun mon tue wed thu evening | equal-names full
    Shafiqul Islam | শফিকুল ইসলাম | male | urology | 2008 | dhanmondi-lake-hospital | sat mon wed evening | equal-names full
    Farzana Haque | ফারজানা হক | female | womens-health | 2004 | rani-kuthi-mother-and-child-clinic | sat sun mon tue wed thu evening | forty-requests
    Jahangir Alam | জাহাঙ্গীর আলম | male | lungs | 2007 | dharmasagar-diagnostic-centre | sat mon wed late | past-midnight
    Sharmin Sultana | শারমিন সুলতানা | female | mental-health | 2013 | gomoti-hospital | evening | no-hours
    Priyanka Saha | প্রিয়াঙ্কা সাহা | female | eyes | 2014 | lalmai-eye-hospital | sat mon wed evening | applicant
    Mehedi Hasan | মেহেদী হাসান | male | bones-joints | 2012 | thakurpara-bone-and-joint-centre | sat mon wed evening | applicant
    Delwar Hossain | দেলোয়ার হোসেন | male | surgery | 2001 | shalban-general-hospital | sat sun mon tue wed thu evening | suspended
    Goutam Barua | গৌতম বড়ুয়া | male | ent | 2005 | agrabad-medical-centre | sat sun mon tue wed thu evening | on-leave
    Mitali Chakraborty | মিতালী চক্রবর্তী | female | diabetes-hormones | 2010 | surma-diagnostic-centre | sat sun mon tue wed thu evening | on-leave
    Teresa Gomes | তেরেসা গমেজ | female | stomach | 1998 | gomoti-hospital | sat mon wed evening | on-leave
"""
CAST = tuple(_role(line) for line in CAST_ROWS.strip().splitlines())
FIXED: dict[str, dict[str, Any]] = {
    "Anisur Rahman": {"rating_tenths": 48, "rating_count": 341},
    "Nusrat Jahan": {"registration": "A-51907"},
    "Tahmina Akter": {"rating_tenths": 45, "rating_count": 63},
}
BY_HAND_ONLY = frozenset({"demo", "karim", "forty-requests"})
UNSEEN = frozenset({"applicant", "new"})
MOSTLY_WOMEN = frozenset({"womens-health", "infertility"})
OPEN_TO_JUNIORS = frozenset({"medicine", "children", "womens-health", "skin", "teeth"})
ALSO = {
    "medicine": ("infections", "diabetes-hormones", "lungs"),
    "children": ("newborns",),
    "womens-health": ("infertility",),
    "heart": ("medicine",),
    "bones-joints": ("arthritis",),
    "diabetes-hormones": ("medicine", "nutrition"),
    "stomach": ("liver",),
    "liver": ("stomach",),
    "surgery": ("piles",),
    "arthritis": ("medicine",),
    "infections": ("medicine",),
    "rehabilitation": ("arthritis",),
}


# ---- Clinics.
HOUSE_NAMES = _pairs("""
    Al-Amin | আল-আমিন; Al-Shefa | আল-শেফা; Arogya | আরোগ্য; Ashar Alo | আশার আলো; Bandhan | বন্ধন; Doyel | দোয়েল;
    Jamuna | যমুনা; Janaseba | জনসেবা; Krishnachura | কৃষ্ণচূড়া; Meghna | মেঘনা; Nabarun | নবারুণ; Niramoy | নিরাময়;
    Padma | পদ্মা; Prantik | প্রান্তিক; Probhati | প্রভাতী; Rupali | রূপালী; Shanti | শান্তি; Shapla | শাপলা;
    Sheuli | শিউলি; Sonali | সোনালী; Subarna | সুবর্ণ; Surjomukhi | সূর্যমুখী
""")
HOUSE_KINDS = _pairs("""
    Hospital | হাসপাতাল; Clinic | ক্লিনিক; Diagnostic Centre | ডায়াগনস্টিক সেন্টার;
    Medical Centre | মেডিকেল সেন্টার; Consultation Centre | কনসালটেশন সেন্টার
""")
ROADS = _pairs("""
    Station Road | স্টেশন রোড; College Road | কলেজ রোড; Hospital Road | হাসপাতাল রোড; Bazar Road | বাজার রোড;
    Thana Road | থানা রোড
""")


@dataclass(frozen=True, slots=True)
class Area:
    """A row of areas.csv."""

    kind: str
    slug: str
    parent: str
    en: str
    bn: str


class Map:
    """Which clinics a district has for a specialty."""

    def __init__(self, doctors: int) -> None:
        self.areas = {row["slug"]: Area(**row) for row in _rows(AREAS)}
        known = _rows(HERE / "clinics.csv")
        self.only = {row["slug"]: frozenset(row.pop("only").split()) for row in known}
        more = max(0, doctors - 3_000) // 40
        self.clinics = (*(Clinic(**row) for row in known), *self._more(more, set(self.only)))
        self.suitable = self._index()
        self.elsewhere = sorted({district for district, _ in self.suitable} - set(REGIONS))

    def district(self, area: str) -> str:
        """The district an area lies in, or is."""
        here = self.areas[area]
        return here.parent if here.kind == "area" else here.slug

    def choose(self, rng: random.Random, specialty: str) -> list[Clinic]:
        """Up to three clinics of one district where such a doctor may sit."""
        region = rng.choices(list(REGIONS), list(REGIONS.values()))[0]
        options = self.suitable[rng.choice(self.elsewhere) if region == "elsewhere" else region, specialty]
        return rng.sample(options, min(3, len(options)))

    def _index(self) -> dict[tuple[str, str], list[Clinic]]:
        index: dict[tuple[str, str], list[Clinic]] = {}
        for clinic in self.clinics:
            for specialty in self.only.get(clinic.slug) or CALLINGS:
                index.setdefault((self.district(clinic.area), specialty), []).append(clinic)
        return index

    def _more(self, n: int, taken: set[str]) -> Iterable[Clinic]:
        rng = random.Random(SEED)
        inhabited = [area for area in self.areas.values() if area.kind != "division"]
        while n:
            clinic = self._house(rng, rng.choice(inhabited), n)
            if clinic.slug not in taken:
                taken.add(clinic.slug)
                n -= 1
                yield clinic

    def _house(self, rng: random.Random, area: Area, n: int) -> Clinic:
        house, kind, road, number = (
            rng.choice(HOUSE_NAMES),
            rng.choice(HOUSE_KINDS),
            rng.choice(ROADS),
            rng.randint(1, 180),
        )
        district = self.areas[self.district(area.slug)]
        en, bn = (
            (f"{area.en}, {district.en}", f"{area.bn}, {district.bn}") if area is not district else (area.en, area.bn)
        )
        name_en, name_bn = f"{area.en} {house[0]} {kind[0]}", f"{area.bn} {house[1]} {kind[1]}"
        return Clinic(
            _slug(name_en),
            name_en,
            name_bn,
            f"{number} {road[0]}, {en}",
            f"{_bangla(number)} {road[1]}, {bn}",
            area.slug,
            f"01713-{n:06d}",
        )


# ---- Doctors.
class Register:
    """Slugs, names and registration numbers given out so far."""

    def __init__(self) -> None:
        self.slugs: Counter[str] = Counter()
        self.names = {role.name.en for role in CAST}
        self.numbers = {48213, 51907}
        self.beyond = 120_000

    def slug(self, name: str) -> str:
        """The name as an address, numbered from the second of that name on."""
        slug = _slug(name)
        self.slugs[slug] += 1
        return slug if self.slugs[slug] == 1 else f"{slug}-{self.slugs[slug]}"

    def name(self, rng: random.Random, sex: str) -> names.Name:
        """A name nobody has yet, or any when those run out."""
        for _ in range(4):
            who = names.name(rng, sex)
            if who.en not in self.names:
                break
        self.names.add(who.en)
        return who

    def number(self, rng: random.Random, year: int) -> str:
        """A free registration number of about the right age."""
        number = 12_000 + int((year - 1983) ** 1.1 * 1_150) + rng.randrange(1_500)
        if number in self.numbers:
            number = self.beyond = self.beyond + 1
        self.numbers.add(number)
        return f"A-{number}"


def describe(doctors: int = 300) -> World:
    """The demo world with that many doctors."""
    if doctors < FEWEST_DOCTORS:
        raise ValueError(f"The demo world needs at least {FEWEST_DOCTORS} doctors.")
    places, register = Map(doctors), Register()
    cast = [_cast(_rng(i), role, register) for i, role in enumerate(CAST)]
    rest = (_anybody(_rng(i), specialty, places, register) for i, specialty in _deal(len(CAST), doctors))
    return World(places.clinics, (_rokeya(cast[0]), *cast[1:], *rest))


def _rng(i: int) -> random.Random:
    return random.Random(SEED * 1_000_003 + i)


def _deal(first: int, end: int) -> Iterable[tuple[int, str]]:
    """Specialties from a deck, so that each comes up in its share and the rare ones come up at all."""
    rng, deck = random.Random(SEED), list(CALLINGS)
    for i in range(first, end):
        if not deck:
            deck = [slug for slug, calling in CALLINGS.items() for _ in range(calling.weight)]
            rng.shuffle(deck)
        yield i, deck.pop()


def _cast(rng: random.Random, role: Role, register: Register) -> Doctor:
    doctor = _doctor(rng, role.name, role.sex, role.specialty, role.year, role.clinics, role.plan, role.tags, register)
    return _tagged(replace(doctor, **FIXED.get(role.name.en, {})))


def _anybody(rng: random.Random, specialty: str, places: Map, register: Register) -> Doctor:
    sex = "female" if rng.random() < (0.93 if specialty in MOSTLY_WOMEN else 0.34) else "male"
    clinics = tuple(clinic.slug for clinic in places.choose(rng, specialty))
    plans = [(weight, plan) for weight, plan in PLANS if len(plan) <= len(clinics)]
    plan = rng.choices([plan for _, plan in plans], [weight for weight, _ in plans])[0]
    return _tagged(
        _doctor(
            rng,
            register.name(rng, sex),
            sex,
            specialty,
            _passing_year(rng, specialty),
            clinics,
            plan,
            frozenset(),
            register,
        )
    )


def _doctor(
    rng: random.Random,
    who: names.Name,
    sex: str,
    specialty: str,
    year: int,
    clinics: tuple[str, ...],
    plan: Plan,
    tags: frozenset[str],
    register: Register,
) -> Doctor:
    titles, fee = _rank(specialty, THIS_YEAR - year)
    title, college = rng.choice(titles), _college(rng, specialty, year)
    degrees_en, degrees_bn = _degrees(rng, specialty, year)
    about_en, about_bn = _about(rng, specialty, THIS_YEAR - year - 1)
    rating, count = _rating(rng, tags)
    return Doctor(
        register.slug(who.en),
        who.en,
        who.bn,
        sex,
        degrees_en,
        degrees_bn,
        *title,
        *college[:2],
        year,
        register.number(rng, year),
        date(2027, 1, 1) + timedelta(days=rng.randrange(1_095)),
        _specialties(rng, specialty),
        _languages(rng),
        about_en,
        about_bn,
        rating,
        count,
        _chambers(rng, specialty, clinics, plan, fee, tags),
        tags,
    )


def _tagged(doctor: Doctor) -> Doctor:
    """The doctor with the tags that follow from the rest."""
    seen = {chamber.acceptance for chamber in doctor.chambers}
    days = Counter(day for chamber in doctor.chambers for day in {hours.weekday for hours in chamber.hours})
    follows = {
        "automatic": "auto" in seen,
        "two-chambers-one-day": any(n > 1 for n in days.values()),
        "new": doctor.rating_tenths is None and "applicant" not in doctor.tags,
    }
    more = {tag for tag, true in follows.items() if true}
    return replace(doctor, tags=doctor.tags | more) if more else doctor


def _rokeya(doctor: Doctor) -> Doctor:
    evenings = tuple(Hours(day, 17 * 60, 21 * 60, 10, 24) for day in (5, 6, 0, 1, 2, 3))
    friday = (Hours(4, 10 * 60, 13 * 60, 10, 18),)
    return replace(
        doctor,
        degrees_en="MBBS, FCPS (Medicine)",
        degrees_bn="এমবিবিএস, এফসিপিএস (মেডিসিন)",
        title_en="Associate Professor",
        title_bn="সহযোগী অধ্যাপক",
        college_en="Cumilla Medical College",
        college_bn="কুমিল্লা মেডিকেল কলেজ",
        registration="A-48213",
        registration_until=date(2028, 6, 30),
        specialties=("medicine",),
        languages=("bn", "en"),
        about_en="Sees adults with fever, high blood pressure, diabetes and long-lasting weakness, with 17 years in practice. "
        + BRING["papers"][0],
        about_bn="১৭ বছর ধরে জ্বর, উচ্চ রক্তচাপ, ডায়াবেটিস ও দীর্ঘদিনের দুর্বলতার রোগী দেখছেন। " + BRING["papers"][1],
        rating_tenths=47,
        rating_count=128,
        tags=frozenset({"demo"}),
        chambers=(
            Chamber("gomoti-hospital", "Room 204", "রুম ২০৪", 70_000, 50_000, 30, 0, 7, "hand", evenings),
            Chamber("town-hall-clinic", "2nd floor", "২য় তলা", 60_000, 40_000, 30, 0, 7, "hand", friday),
        ),
    )


def _passing_year(rng: random.Random, specialty: str) -> int:
    if specialty in OPEN_TO_JUNIORS and rng.random() < 0.25:
        return rng.randint(2015, 2021)
    return int(rng.triangular(1988, 2015, 2013))


def _rank(specialty: str, years: int) -> tuple[tuple[tuple[str, str], ...], tuple[int, int]]:
    _, titles, fee = next(rank for rank in RANKS if years >= rank[0])
    return (DENTAL_TITLES if specialty == "teeth" and titles is RANKS[-1][1] else titles), fee


def _college(rng: random.Random, specialty: str, year: int) -> tuple[str, str, int]:
    colleges = DENTAL_COLLEGES if specialty == "teeth" else COLLEGES
    return rng.choice([college for college in colleges if college[2] <= year])


def _degrees(rng: random.Random, specialty: str, year: int) -> tuple[str, str]:
    calling = CALLINGS[specialty]
    pairs = [_degree("BDS" if specialty == "teeth" else "MBBS")]
    if rng.random() < 0.35:
        pairs.append(_degree("BCS (Health)"))
    if year < 2015:
        higher = rng.choice((["FCPS"], [calling.second], ["FCPS", calling.second]))
        pairs += [_degree(degree, calling) for degree in higher]
    if calling.diploma and (year >= 2015 or rng.random() < 0.25):
        pairs.append(_degree(calling.diploma))
    return ", ".join(en for en, _ in pairs), ", ".join(bn for _, bn in pairs)


def _degree(degree: str, calling: Calling | None = None) -> tuple[str, str]:
    if calling is None:
        return degree, DEGREES_BN[degree]
    return f"{degree} ({calling.subject_en})", f"{DEGREES_BN[degree]} ({calling.subject_bn})"


def _specialties(rng: random.Random, specialty: str) -> tuple[str, ...]:
    more = ALSO.get(specialty, ())
    return (specialty, rng.choice(more)) if more and rng.random() < 0.18 else (specialty,)


def _languages(rng: random.Random) -> tuple[str, ...]:
    likely = (("bn", 1.0), ("en", 0.9), ("hi", 0.14), ("ur", 0.06), ("ar", 0.05))
    return tuple(language for language, chance in likely if rng.random() < chance)


def _about(rng: random.Random, specialty: str, years: int) -> tuple[str, str]:
    bring_en, bring_bn = BRING[CALLINGS[specialty].bring]
    (a, b, c), (x, y, z) = zip(*rng.sample(COMPLAINTS[specialty], 3), strict=True)
    if rng.random() < 0.5:
        en, bn = (
            f"Sees patients for {a}, {b} and {c}, with {years} years in practice.",
            f"{_bangla(years)} বছর ধরে {x}, {y} ও {z} – এ ধরনের সমস্যার রোগী দেখছেন।",
        )
    else:
        en, bn = (
            f"Most people come about {a}, {b} or {c}; in practice for {years} years.",
            f"বেশির ভাগ রোগী আসেন {x}, {y} বা {z} নিয়ে; চিকিৎসা করছেন {_bangla(years)} বছর।",
        )
    return f"{en} {bring_en}", f"{bn} {bring_bn}"


def _rating(rng: random.Random, tags: frozenset[str]) -> tuple[int | None, int]:
    if tags & UNSEEN or (not tags and rng.random() < 0.1):
        return None, 0
    return min(50, max(28, round(rng.gauss(44, 3.5)))), 1 + int(rng.expovariate(1 / 70))


def _chambers(
    rng: random.Random, specialty: str, clinics: tuple[str, ...], plan: Plan, fee: tuple[int, int], tags: frozenset[str]
) -> tuple[Chamber, ...]:
    by_hand = bool(tags & BY_HAND_ONLY) or ("automatic" not in tags and rng.random() < 0.8)
    minutes = rng.choice(CALLINGS[specialty].minutes)
    return tuple(
        _chamber(
            rng,
            clinic,
            rng.randint(fee[0] // 50, fee[1] // 50) * 50,
            "hand" if by_hand else "auto",
            tuple(_hours(rng, parts, minutes)),
        )
        for clinic, parts in zip(clinics, plan, strict=False)
    )


def _chamber(rng: random.Random, clinic: str, taka: int, acceptance: str, hours: tuple[Hours, ...]) -> Chamber:
    room_en, room_bn = _room(rng)
    follow_up = round(taka * rng.choice((0.5, 0.6, 0.7)) / 50) * 50
    report = rng.choice((0, 0, 0, 0, 0, 100, 200))
    return Chamber(
        clinic,
        room_en,
        room_bn,
        taka * 100,
        follow_up * 100,
        rng.choice((15, 30, 30, 30, 60)),
        report * 100,
        rng.choice((7, 7, 10, 15)),
        acceptance,
        hours,
    )


def _room(rng: random.Random) -> tuple[str, str]:
    if rng.random() < 0.12:
        return rng.choice(
            (("Ground floor", "নিচতলা"), ("1st floor", "১ম তলা"), ("2nd floor", "২য় তলা"), ("3rd floor", "৩য় তলা"))
        )
    number = rng.randint(1, 7) * 100 + rng.randint(1, 18)
    return f"Room {number}", f"রুম {_bangla(number)}"


def _hours(rng: random.Random, parts: tuple[Part, ...], minutes: int) -> Iterable[Hours]:
    for part in parts:
        start, end = rng.choice(WINDOWS[part.window])
        yield from _week(part.days, start, end, minutes, (end - start) // minutes - rng.choice((0, 0, 0, 1, 2)))


@cache
def _week(days: tuple[int, ...], start: int, end: int, minutes: int, capacity: int) -> tuple[Hours, ...]:
    return tuple(Hours(day, start, end, minutes, capacity) for day in days)


# ---- Small tools.
def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _slug(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", text.lower().replace("'", "").replace("’", "")).strip("-")


def _bangla(number: int) -> str:
    return str(number).translate(BANGLA_DIGITS)


def _complaints(row: dict[str, str]) -> list[tuple[str, str]]:
    en, bn = ([word.strip() for word in row[column].split(";")] for column in ("words_en", "words_bn"))
    return list(zip(en, bn, strict=True))


COMPLAINTS = {row["slug"]: _complaints(row) for row in _rows(SPECIALTIES)}
