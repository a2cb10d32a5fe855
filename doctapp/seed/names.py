"""Names of people in Bangladesh, each word with its one Bangla spelling, and what patients say they come for."""

import random
from collections.abc import Callable
from dataclasses import dataclass

Word = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Name:
    """One person's name in both scripts."""

    en: str
    bn: str


@dataclass(frozen=True, slots=True)
class Person:
    """A patient as the front desk would write them down."""

    name_en: str
    name_bn: str
    sex: str
    age: int


@dataclass(frozen=True, slots=True)
class Reason:
    """Why somebody comes, in their own few words."""

    en: str
    bn: str


def _words(text: str) -> tuple[Word, ...]:
    return tuple((en, bn) for en, bn in (pair.split() for pair in text.split(",")))


# ---- Muslim names. "Anisur Rahman" and "Shafiqul Islam" are one name in two words: the first never stands with another second.
UR = _words("""
    Anisur আনিসুর, Ataur আতাউর, Azizur আজিজুর, Faizur ফয়জুর, Habibur হাবিবুর, Hafizur হাফিজুর, Khalilur খলিলুর, Lutfur লুৎফুর,
    Mahbubur মাহবুবুর, Mahfuzur মাহফুজুর, Masudur মাসুদুর, Mizanur মিজানুর, Moshiur মশিউর, Mostafizur মোস্তাফিজুর, Motiur মতিউর,
    Mukhlesur মোখলেসুর, Obaidur ওবায়দুর, Saidur সাইদুর, Saifur সাইফুর, Shafiqur শফিকুর, Shamsur শামসুর, Waliur ওয়ালিউর
""")
UL = _words("""
    Aminul আমিনুল, Anwarul আনোয়ারুল, Ariful আরিফুল, Ashraful আশরাফুল, Azharul আজহারুল, Enamul এনামুল, Fakhrul ফখরুল, Jahidul জাহিদুল,
    Khairul খাইরুল, Mahmudul মাহমুদুল, Mazharul মাজহারুল, Monirul মনিরুল, Nazmul নাজমুল, Nazrul নজরুল, Nurul নুরুল, Rafiqul রফিকুল,
    Rezaul রেজাউল, Saiful সাইফুল, Serajul সিরাজুল, Shahidul শহিদুল, Shariful শরিফুল, Tariqul তারিকুল, Zahirul জহিরুল
""")
UL_SECOND = _words("Islam ইসলাম, Islam ইসলাম, Islam ইসলাম, Haque হক, Haque হক, Hasan হাসান, Alam আলম, Kabir কবির")
UDDIN = _words("""
    Alim আলিম, Helal হেলাল, Jamal জামাল, Jasim জসিম, Kamal কামাল, Moin মঈন, Nasir নাসির, Nizam নিজাম, Riaz রিয়াজ,
    Salah সালাহ, Shahab শাহাব, Tamij তমিজ, Zia জিয়া
""")
ABDUL = _words("""
    Ahad আহাদ, Aziz আজিজ, Baten বাতেন, Gaffar গাফফার, Hai হাই, Halim হালিম, Hamid হামিদ, Jabbar জব্বার, Jalil জলিল, Karim করিম,
    Khaleque খালেক, Latif লতিফ, Malek মালেক, Mannan মান্নান, Matin মতিন, Momin মোমিন, Quddus কুদ্দুস, Rashid রশিদ, Razzak রাজ্জাক,
    Salam সালাম, Sattar সাত্তার, Wahab ওয়াহাব
""")
MEN = _words("""
    Adnan আদনান, Anwar আনোয়ার, Arman আরমান, Asif আসিফ, Ayaan আয়ান, Delwar দেলোয়ার, Ehsan এহসান, Faisal ফয়সাল, Farhan ফারহান,
    Faruk ফারুক, Fahim ফাহিম, Galib গালিব, Hasib হাসিব, Humayun হুমায়ুন, Imran ইমরান, Iqbal ইকবাল, Ishtiaque ইশতিয়াক, Jahangir জাহাঙ্গীর,
    Jakir জাকির, Jubair জুবায়ের, Kamrul কামরুল, Khaled খালেদ, Liton লিটন, Mahdi মাহদী, Mamun মামুন, Masum মাসুম, Mehedi মেহেদী,
    Mosharraf মোশাররফ, Muntasir মুনতাসির, Murad মুরাদ, Nafis নাফিস, Naim নাঈম, Naveed নাভিদ, Omar ওমর, Parvez পারভেজ, Rakib রাকিব,
    Rashed রাশেদ, Raihan রায়হান, Rifat রিফাত, Rubel রুবেল, Sabbir সাব্বির, Sadman সাদমান, Sajjad সাজ্জাদ, Sakib সাকিব, Selim সেলিম,
    Shahadat শাহাদাত, Shahriar শাহরিয়ার, Shakil শাকিল, Shamim শামীম, Sohel সোহেল, Tahsin তাহসিন, Tanvir তানভীর, Tareq তারেক,
    Touhid তৌহিদ, Wasim ওয়াসিম, Yasin ইয়াসিন, Yusuf ইউসুফ, Zahid জাহিদ, Zubaer জোবায়ের
""")
MEN_SECOND = _words("""
    Ahmed আহমেদ, Ahmed আহমেদ, Hossain হোসেন, Hossain হোসেন, Hasan হাসান, Mahmud মাহমুদ, Alam আলম, Kabir কবির, Haider হায়দার,
    Chowdhury চৌধুরী, Khan খান, Sarkar সরকার, Bhuiyan ভূঁইয়া, Talukder তালুকদার, Miah মিয়া, Sikder সিকদার, Mollah মোল্লা,
    Patwary পাটোয়ারী, Majumder মজুমদার, Khandaker খন্দকার, Mridha মৃধা, Akand আকন্দ, Howlader হাওলাদার, Munshi মুন্সী, Rana রানা,
    Ali আলী, Reza রেজা, Siddique সিদ্দিক
""")
FAMILY = _words(
    "Chowdhury চৌধুরী, Khan খান, Bhuiyan ভূঁইয়া, Talukder তালুকদার, Sarkar সরকার, Majumder মজুমদার, Mollah মোল্লা, Patwary পাটোয়ারী"
)
BEFORE_MEN = (
    *_words("Md. মো., Md. মো., Md. মো., Mohammad মোহাম্মদ, Syed সৈয়দ, Kazi কাজী, Sheikh শেখ, Abu আবু"),
    ("A. K. M.", "এ. কে. এম."),
)
WOMEN = _words("""
    Afroza আফরোজা, Amena আমেনা, Anika আনিকা, Arifa আরিফা, Asma আসমা, Ayesha আয়েশা, Bilkis বিলকিস, Dilruba দিলরুবা, Fahmida ফাহমিদা,
    Farhana ফারহানা, Farida ফরিদা, Farzana ফারজানা, Fatema ফাতেমা, Ferdousi ফেরদৌসী, Hasina হাসিনা, Halima হালিমা, Humaira হুমায়রা,
    Ismat ইসমত, Jesmin জেসমিন, Khadija খাদিজা, Laila লায়লা, Lutfa লুৎফা, Mahbuba মাহবুবা,
    Mahfuza মাহফুজা, Maliha মালিহা, Marium মরিয়ম, Masuma মাসুমা, Mehnaz মেহনাজ, Momena মোমেনা, Monira মনিরা, Morsheda মোর্শেদা,
    Nafisa নাফিসা, Nahid নাহিদ, Nargis নার্গিস, Nasima নাসিমা, Nasrin নাসরিন, Nazma নাজমা, Nigar নিগার, Nilufa নিলুফা, Nusrat নুসরাত,
    Rabeya রাবেয়া, Rahima রহিমা, Rashida রাশিদা, Rehana রেহানা, Rokeya রোকেয়া, Roksana রোকসানা, Rubina রুবিনা, Rumana রুমানা,
    Sabina সাবিনা, Sabrina সাবরিনা, Sadia সাদিয়া, Saima সায়মা, Salma সালমা, Samina সামিনা, Sanjida সানজিদা, Shahana শাহানা,
    Shahnaz শাহনাজ, Shamima শামীমা, Sharmin শারমিন, Shirin শিরিন, Sumaiya সুমাইয়া, Suraiya সুরাইয়া, Tahmina তাহমিনা, Tanjina তানজিনা,
    Tasnim তাসনিম, Zakia জাকিয়া, Zinat জিনাত
""")
WOMEN_SECOND = _words("""
    Begum বেগম, Begum বেগম, Akter আক্তার, Akter আক্তার, Khatun খাতুন, Sultana সুলতানা, Sultana সুলতানা, Jahan জাহান, Parvin পারভীন,
    Ara আরা, Yasmin ইয়াসমিন, Nahar নাহার, Ferdous ফেরদৌস, Rahman রহমান, Islam ইসলাম, Haque হক, Chowdhury চৌধুরী, Khan খান, Khanam খানম,
    Hossain হোসেন, Ahmed আহমেদ, Siddiqua সিদ্দিকা, Banu বানু
""")

# ---- Hindu, Buddhist and Christian names.
HINDU_MEN = _words("""
    Ajoy অজয়, Amit অমিত, Anup অনুপ, Ashim অসীম, Ashok অশোক, Bijoy বিজয়, Bikash বিকাশ, Biplob বিপ্লব, Biswajit বিশ্বজিৎ, Debashish দেবাশীষ,
    Dilip দিলীপ, Dipak দীপক, Gopal গোপাল, Goutam গৌতম, Jayanta জয়ন্ত, Kanai কানাই, Krishna কৃষ্ণ, Litan লিটন, Mrinal মৃণাল, Narayan নারায়ণ,
    Nikhil নিখিল, Palash পলাশ, Partha পার্থ, Pradip প্রদীপ, Pranab প্রণব, Prasanta প্রশান্ত, Rajib রাজীব, Ratan রতন, Sajal সজল, Samir সমীর,
    Sanjoy সঞ্জয়, Shyamal শ্যামল, Subrata সুব্রত, Sukumar সুকুমার, Sumon সুমন, Swapan স্বপন, Tapan তপন, Tapas তাপস, Uttam উত্তম
""")
HINDU_WOMEN = _words("""
    Anjali অঞ্জলি, Aparna অপর্ণা, Archana অর্চনা, Barnali বর্ণালী, Bithika বীথিকা, Chaitali চৈতালী, Dipa দীপা, Gouri গৌরী, Jaya জয়া,
    Kakoli কাকলী, Lipika লিপিকা, Mita মিতা, Mitali মিতালী, Moumita মৌমিতা, Nandita নন্দিতা, Papri পাপড়ি, Priyanka প্রিয়াঙ্কা, Purabi পূরবী,
    Ratna রত্না, Rina রীনা, Sampa শম্পা, Sharmila শর্মিলা, Shila শীলা, Shukla শুক্লা, Smriti স্মৃতি, Sudipta সুদীপ্তা, Sushmita সুস্মিতা,
    Swarna স্বর্ণা, Tandra তন্দ্রা, Tripti তৃপ্তি
""")
HINDU_MIDDLE = _words("Kumar কুমার, Kumar কুমার, Chandra চন্দ্র, Kanti কান্তি, Krishna কৃষ্ণ, Ranjan রঞ্জন")
HINDU_FAMILY = _words("""
    Banik বণিক, Barman বর্মণ, Bhattacharjee ভট্টাচার্য্য, Bhowmik ভৌমিক, Biswas বিশ্বাস, Chakraborty চক্রবর্তী, Das দাস, Das দাস, Datta দত্ত,
    Deb দেব, Debnath দেবনাথ, Dey দে, Ghosh ঘোষ, Karmaker কর্মকার, Kundu কুণ্ডু, Majumder মজুমদার, Mondal মণ্ডল, Nandi নন্দী, Nath নাথ,
    Paul পাল, Podder পোদ্দার, Roy রায়, Roy রায়, Saha সাহা, Saha সাহা, Sarkar সরকার, Sen সেন, Shil শীল, Sutradhar সূত্রধর
""")
BUDDHIST_MEN = _words("""
    Amal অমল, Bimal বিমল, Dipankar দীপংকর, Jyoti জ্যোতি, Pulak পুলক, Ripon রিপন, Rupayan রূপায়ণ, Sukomal সুকোমল,
    Sumangal সুমঙ্গল, Tushar তুষার, Ujjal উজ্জ্বল
""")
BUDDHIST_WOMEN = _words(
    "Aungshui অংশুই, Bishakha বিশাখা, Gargi গার্গী, Juthika যূথিকা, Kalpana কল্পনা, Milita মিলিতা, Nilima নীলিমা, Sujata সুজাতা, Uma উমা"
)
BUDDHIST_FAMILY = _words(
    "Barua বড়ুয়া, Barua বড়ুয়া, Barua বড়ুয়া, Chakma চাকমা, Chakma চাকমা, Marma মারমা, Mutsuddi মুৎসুদ্দি, Tanchangya তঞ্চঙ্গ্যা, Tripura ত্রিপুরা"
)
CHRISTIAN_MEN = _words(
    "Albert আলবার্ট, Anthony অ্যান্টনি, Dominic ডমিনিক, Francis ফ্রান্সিস, James জেমস, Joseph যোসেফ, Michael মাইকেল, Pius পিউস, Robin রবিন, Simon সাইমন, Stephen স্টিফেন"
)
CHRISTIAN_WOMEN = _words(
    "Agnes এগনেস, Cecilia সিসিলিয়া, Elizabeth এলিজাবেথ, Juliana জুলিয়ানা, Lucy লুসি, Maria মারিয়া, Martha মার্থা, Rita রিতা, Shilpi শিল্পী, Teresa তেরেসা"
)
CHRISTIAN_FAMILY = _words(
    "Baroi বাড়ৈ, Corraya কোড়াইয়া, Costa কস্তা, Cruze ক্রুশ, D'Costa ডি'কস্তা, Gomes গমেজ, Marak মারাক, Palma পালমা, Rebeiro রিবেরু, Rozario রোজারিও, Sangma সাংমা"
)

RAHMAN: Word = ("Rahman", "রহমান")
UDDIN_END: Word = ("Uddin", "উদ্দিন")
ABDUL_START: Word = ("Abdul", "আব্দুল")
RANI: Word = ("Rani", "রানী")


def name(rng: random.Random, sex: str) -> Name:
    """A plausible full name for a woman or a man."""
    women, men = rng.choices(COMMUNITIES, WEIGHTS)[0]
    parts = (women if sex == "female" else men)(rng)
    return Name(" ".join(en for en, _ in parts), " ".join(bn for _, bn in parts))


def people(n: int) -> list[Person]:
    """The same n patients every time, of all ages."""
    rng = random.Random(1952)
    return [_person(rng) for _ in range(n)]


def reasons(specialty: str) -> tuple[Reason, ...]:
    """What people say they come for at this kind of doctor."""
    return REASONS.get(specialty, ANY_REASONS)


def _person(rng: random.Random) -> Person:
    sex = rng.choice(("female", "male"))
    low, high = rng.choices(((0, 4), (5, 16), (17, 34), (35, 54), (55, 69), (70, 88)), (9, 11, 27, 28, 18, 7))[0]
    who = name(rng, sex)
    return Person(who.en, who.bn, sex, rng.randint(low, high))


def _muslim_man(rng: random.Random) -> list[Word]:
    parts = rng.choices(MUSLIM_MEN, (26, 24, 10, 13, 40))[0](rng)
    if rng.random() < 0.2:
        parts.insert(0, rng.choice(BEFORE_MEN))
    return parts


def _rahman(rng: random.Random) -> list[Word]:
    return [rng.choice(UR), RAHMAN, *([rng.choice(FAMILY)] if rng.random() < 0.2 else [])]


def _islam(rng: random.Random) -> list[Word]:
    return [rng.choice(UL), rng.choice(UL_SECOND), *([rng.choice(FAMILY)] if rng.random() < 0.12 else [])]


def _uddin(rng: random.Random) -> list[Word]:
    return [rng.choice(UDDIN), UDDIN_END, *([rng.choice(FAMILY)] if rng.random() < 0.25 else [])]


def _abdul(rng: random.Random) -> list[Word]:
    return [ABDUL_START, rng.choice(ABDUL), *([rng.choice(FAMILY)] if rng.random() < 0.2 else [])]


def _given_man(rng: random.Random) -> list[Word]:
    return [rng.choice(MEN), rng.choice(MEN_SECOND)]


def _muslim_woman(rng: random.Random) -> list[Word]:
    first, last = rng.choice(WOMEN), rng.choice(WOMEN_SECOND)
    return [first, last, *([rng.choice(FAMILY)] if rng.random() < 0.1 and last not in FAMILY else [])]


def _hindu_man(rng: random.Random) -> list[Word]:
    first, middle = rng.choice(HINDU_MEN), rng.choice(HINDU_MIDDLE)
    return [first, *([middle] if rng.random() < 0.6 and middle != first else []), rng.choice(HINDU_FAMILY)]


def _hindu_woman(rng: random.Random) -> list[Word]:
    return [rng.choice(HINDU_WOMEN), *([RANI] if rng.random() < 0.3 else []), rng.choice(HINDU_FAMILY)]


def _of(first: tuple[Word, ...], last: tuple[Word, ...]) -> Callable[[random.Random], list[Word]]:
    return lambda rng: [rng.choice(first), rng.choice(last)]


MUSLIM_MEN = (_rahman, _islam, _uddin, _abdul, _given_man)
COMMUNITIES = (
    (_muslim_woman, _muslim_man),
    (_hindu_woman, _hindu_man),
    (_of(BUDDHIST_WOMEN, BUDDHIST_FAMILY), _of(BUDDHIST_MEN, BUDDHIST_FAMILY)),
    (_of(CHRISTIAN_WOMEN, CHRISTIAN_FAMILY), _of(CHRISTIAN_MEN, CHRISTIAN_FAMILY)),
)
WEIGHTS = (82, 13, 3, 2)


def _reasons(text: str) -> tuple[Reason, ...]:
    return tuple(Reason(*(side.strip() for side in line.split("|"))) for line in text.strip().splitlines())


ANY_REASONS = _reasons("""
    First visit, sent by another doctor | প্রথম দেখা, অন্য ডাক্তার পাঠিয়েছেন
    The pain has come back | ব্যথা আবার শুরু হয়েছে
    To show test reports | পরীক্ষার রিপোর্ট দেখাতে
    Follow-up, feeling better | আবার দেখানো, এখন ভালো
    The medicine does not suit me | ওষুধ সহ্য হচ্ছে না
    Asking whether an operation is needed | অপারেশন লাগবে কি না জানতে
    Has lasted more than a month | এক মাসের বেশি ধরে সমস্যা
    Medicine is finished | ওষুধ শেষ হয়ে গেছে
""")
REASONS = {
    "medicine": _reasons("""
        Fever for three days | তিন দিন ধরে জ্বর
        Blood pressure is high | প্রেশার বেশি থাকছে
        Diabetes check | ডায়াবেটিস দেখাতে
        Cough for two weeks | দুই সপ্তাহ ধরে কাশি
        Weak and dizzy | দুর্বল লাগে, মাথা ঘোরে
        Burning in the stomach after meals | খাওয়ার পর বুক-পেট জ্বালা করে
        To show blood reports | রক্তের রিপোর্ট দেখাতে
        Body ache after dengue | ডেঙ্গুর পর গা ব্যথা
    """),
    "children": _reasons("""
        Cold and cough, does not sleep | সর্দি-কাশি, ঘুমাচ্ছে না
        Fever since last night | গত রাত থেকে জ্বর
        Not eating well | ঠিকমতো খায় না
        Loose motion since yesterday | গতকাল থেকে পাতলা পায়খানা
        Weight check and vaccines | ওজন মাপা ও টিকা
    """),
    "womens-health": _reasons("""
        Pregnancy check, 5 months | গর্ভাবস্থার চেকআপ, ৫ মাস
        Periods are irregular | মাসিক অনিয়মিত
        Lower belly pain | তলপেটে ব্যথা
        To show an ultrasound | আল্ট্রাসনোগ্রাম দেখাতে
    """),
    "heart": _reasons("""
        Chest feels tight when walking | হাঁটলে বুকে চাপ লাগে
        Palpitation at night | রাতে বুক ধড়ফড় করে
        To show ECG and echo | ইসিজি ও ইকো দেখাতে
        Pressure does not come down | প্রেশার কমছে না
        Check after a stent | রিং পরানোর পর চেকআপ
    """),
    "bones-joints": _reasons("""
        Knee pain on the stairs | সিঁড়িতে উঠতে হাঁটু ব্যথা
        Back pain for a month | এক মাস ধরে কোমর ব্যথা
        Plaster to be looked at | প্লাস্টার দেখাতে
        Fell and hurt the wrist | পড়ে গিয়ে কবজিতে ব্যথা
    """),
    "skin": _reasons("""
        Itching, worse at night | চুলকানি, রাতে বেশি
        Hair is falling out | চুল পড়ে যাচ্ছে
        Ringworm has come back | দাদ আবার হয়েছে
        Acne on the face | মুখে ব্রণ
    """),
    "ent": _reasons("""
        Ear pain since Friday | শুক্রবার থেকে কানে ব্যথা
        Blocked nose all year | সারা বছর নাক বন্ধ
        Sore throat again and again | বারবার গলা ব্যথা
        Hears less in one ear | এক কানে কম শোনেন
    """),
    "eyes": _reasons("""
        Sight is blurred | চোখে ঝাপসা দেখি
        New glasses | নতুন চশমা লাগবে
        Cataract, asking about the operation | ছানি, অপারেশনের কথা জানতে
        Red eye since yesterday | গতকাল থেকে চোখ লাল
    """),
    "teeth": _reasons("""
        Toothache at night | রাতে দাঁত ব্যথা
        Second visit for a root canal | রুট ক্যানেলের দ্বিতীয় দিন
        Gums bleed | মাড়ি দিয়ে রক্ত পড়ে
    """),
    "diabetes-hormones": _reasons("""
        Sugar is 14 after meals | খাওয়ার পর সুগার ১৪
        Thyroid report | থাইরয়েডের রিপোর্ট দেখাতে
        To learn about insulin | ইনসুলিন নেওয়া শিখতে
    """),
    "mental-health": _reasons("""
        Cannot sleep | ঘুম হয় না
        Always worried | সব সময় দুশ্চিন্তা হয়
        Follow-up | আবার দেখানো
    """),
}
