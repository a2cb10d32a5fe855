"""What `see` finds on a page, and that each of its lints really fails on a bad one."""

import html5lib
import pytest
import requests
from bs4 import BeautifulSoup
from werkzeug.test import Client
from werkzeug.wrappers import Response

from tests.see import EVERYWHERE, ON_PAGES, parsed, see

PAGE = """<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><title>Find a doctor · DoctApp</title><link rel="stylesheet" href="/static/app.css"></head>
<body>
<a href="#main">Skip to main content</a>
<main id="main"><h1>Find a doctor</h1>{}</main>
<p id="live" role="status"></p>
</body>
</html>"""
FORM = '<form id="f" method="post" action="/patient">{}</form>'


def page(body: str = "", **changes: str) -> str:
    html = PAGE.replace("{}", body)
    for old, new in changes.values():
        assert old in html
        html = html.replace(old, new)
    return html


def form(inner: str) -> str:
    return page(FORM.format(inner))


def test_a_well_made_page_passes():
    assert see(page("<p>28 doctors</p>")).h1 == "Find a doctor"


BAD = {
    "a tag that is never closed": (page("<div><p>hello</p>"), "seen too early"),
    "an end tag without its start": (page("<p>hello</p></div>"), "seen too early"),
    "a paragraph around a block": (page("<p><div>hello</div></p>"), "Unexpected end tag"),
    "an attribute given twice": (page('<p class="a" class="b">hello</p>'), "duplicate attribute"),
    "an unescaped ampersand": (page('<a href="/?a=1&copy=2">Search</a>'), "entity"),
    "no doctype": (page(a=("<!doctype html>", "")), "doctype|DOCTYPE"),
    "a row outside a table": (page("<div><tr><td>1</td></tr></div>"), "<?tr"),
    "a block inside running text": (page("<span><div>hello</div></span>"), "must not stand inside <span>"),
    "a heading inside a button": (form("<button><h2>Go</h2></button>"), "must not stand inside <button>"),
    "a link inside a link": (page('<a href="/a">One <a href="/b">two</a></a>'), "nexpected"),
    "a button inside a link": (page('<a href="/a">One <button type="button">two</button></a>'), "inside a link or button"),
    "a list holding no item": (page("<ul><p>hello</p></ul>"), "is no <li>"),
    "an item outside a list": (page("<div><li>hello</li></div>"), "outside a list"),
    "a definition list holding a span": (page("<dl><span>hello</span></dl>"), "directly in a <dl>"),
    "an id given twice": (page('<p id="a">1</p><p id="a">2</p>'), 'id="a" is given 2 times'),
    "an empty id": (page('<p id="">1</p>'), "An id is empty"),
    "an input without a label": (form('<input name="q">'), "has no label"),
    "a select without a label": (form('<select name="area"><option>Cumilla</option></select>'), "has no label"),
    "a textarea without a label": (form('<textarea name="reason"></textarea>'), "has no label"),
    "a radio without a label": (form('<input type="radio" name="who" value="me"> Me'), "has no label"),
    "a label without words": (form('<label for="q"></label><input id="q" name="q">'), "has no label"),
    "a placeholder for a label": (form('<input name="q" placeholder="Search">'), "has no label"),
    "a label for nothing": (form('<label for="z">Name</label>'), 'is for "z", which is not there'),
    "no h1": (page(a=("<h1>Find a doctor</h1>", "")), "this one has 0"),
    "two h1": (page("<h1>Again</h1>"), "this one has 2"),
    "an empty h1": (page(a=("<h1>Find a doctor", "<h1>")), "h1 is empty"),
    "a title of other words": (page(a=("<title>Find a doctor", "<title>Home")), "does not begin with"),
    "a title without the product": (page(a=(" · DoctApp", "")), "does not end in"),
    "no title": (page(a=("<title>Find a doctor · DoctApp</title>", "")), "does not begin with"),
    "a form without a method": (page('<form action="/a"></form>'), "needs method"),
    "a form with another method": (page('<form method="put" action="/a"></form>'), "needs method"),
    "a form without an action": (page('<form method="post"></form>'), "needs an action"),
    "a form inside a form": (form('<div><form method="get" action="/b"></form></div>'), "form stands inside another form"),
    "a style attribute": (page('<p style="color: red">hello</p>'), "has a style attribute"),
    "a style in the body": (page("<style>p { color: red }</style>"), "stands in the body"),
    "an inline script": (page("<script>alert(1)</script>"), "is an inline script"),
    "an on attribute": (page('<p onclick="go()">hello</p>'), "script attribute onclick"),
    "an hx-on attribute": (page('<p hx-on:click="go()">hello</p>'), "script attribute hx-on:click"),
    "a link to #": (page('<a href="#">Help</a>'), "leads nowhere"),
    "a link to nothing": (page('<a href="">Help</a>'), "leads nowhere"),
    "a link to a script": (page('<a href="javascript:go()">Help</a>'), "leads nowhere"),
    "a link to an id that is not there": (page('<a href="#phone">Enter a number</a>'), "leads to no id"),
    "a picture without a size": (page('<img src="/a.png" alt="">'), "lacks width, height"),
    "a picture without words": (page('<img src="/a.png" width="9" height="9">'), "lacks alt"),
    "no language": (page(a=(' lang="en"', "")), "has no lang"),
    "a hint that is not there": (
        form('<label for="a">Age</label><input id="a" name="age" aria-describedby="a-hint">'),
        'aria-describedby="a-hint", which is not there',
    ),
    "a name that is not there": (page('<section aria-labelledby="t">hello</section>'), 'aria-labelledby="t"'),
    "a button of no known type": (form('<button type="sumbit">Go</button>'), "type is submit, button or reset"),
    "a loose button": (page("<button>Go</button>"), "belongs to no form"),
    "an empty link": (page('<a href="/a"><svg aria-hidden="true"></svg></a>'), "is empty"),
    "an empty button": (form('<button><img src="/a.png" alt="" width="9" height="9"></button>'), "is empty"),
    "a submit without a value": (form('<input type="submit" value="">'), "is empty"),
    "a block inside running text of a template": (page("<template><b><p>x</p></b></template>"), "must not stand inside <b>"),
    "an on attribute in a template": (page('<template><p onclick="go()">x</p></template>'), "script attribute onclick"),
    "a link named by a hidden drawing": (page('<a href="/a"><svg aria-hidden="true"><title>x</title></svg></a>'), "is empty"),
    "a field of a type in capitals": (form('<input type="SUBMIT" value="">'), "is empty"),
}  # fmt: skip


@pytest.mark.parametrize("fault", BAD)
def test_a_bad_page_fails(fault):
    html, sentence = BAD[fault]

    with pytest.raises(AssertionError, match=sentence):
        see(html)


@pytest.mark.parametrize("lint", EVERYWHERE + ON_PAGES, ids=lambda lint: lint.__name__)
def test_every_lint_finds_something_among_the_bad_pages(lint):
    assert any(list(lint(parsed(html))) for html, _ in BAD.values())


def test_every_fault_is_named_at_once():
    with pytest.raises(AssertionError) as failed:
        see(page('<p style="x">a</p><a href="#">b</a>'))

    assert "line 6: <p> has a style attribute" in str(failed.value)
    assert 'line 6: <a href="#"> leads nowhere' in str(failed.value)


GOOD = {
    "an error's title": page(a=("<title>", "<title>Error: ")),
    "an error's title in Bangla": page(a=("<title>", "<title>ভুল: "), b=('lang="en"', 'lang="bn"')),
    "a title that goes on": page(a=("<title>Find a doctor", "<title>Find a doctor, 28 found")),
    "a label around its field": form('<label>Name <input name="name"></label>'),
    "a field named by aria-label": form('<input name="q" aria-label="Search">'),
    "a hidden field": form('<input type="hidden" name="csrf_token" value="x">'),
    "data in a script": page('<script type="application/ld+json">{"a": 1}</script>'),
    "a script in a file": page('<script src="/static/app.js" defer></script>'),
    "a style in the head": page(a=("</head>", "<style>p { color: red }</style></head>")),
    "a link named by its picture": page('<a href="/"><img src="/a.png" alt="Home" width="9" height="9"></a>'),
    "a picture that only decorates": page('<img src="/a.png" alt="" width="9" height="9">'),
    "a button of a form elsewhere": form("") .replace("</main>", '<button form="f">Go</button></main>'),
    "a button that only shows something": page('<button type="button">More</button>'),
    "a link named by its drawing": page('<a href="/"><svg><title>Home</title></svg></a>'),
    "a hidden field in capitals": form('<input type="HIDDEN" name="csrf_token" value="x">'),
    "a piece kept in a template": page('<template><p id="main">1</p><label for="q"></label><input><a href="#"></a></template>'),
    "a link to the top": page('<a href="#top">Up</a>'),
}  # fmt: skip


@pytest.mark.parametrize("making", GOOD)
def test_a_good_page_passes(making):
    see(GOOD[making])


# Reading

WRITTEN_OTHERWISE = [
    "<p CLASS=a id='b' title=\"a &amp; b &copy=c &lt\">x</p >", '<p a="1" A="2">x</p>', '<p a="1"b="2">x</p><p a = "3"\n>y</p\n>',
    '<p a/b="1" =c <d>x</p class="e"></p/>', '<br/><br /><p/>x</p>', '<p \xe9="1" \u212a="2" \u0131="3">x</p><\u017f>', "<p\x0ca\tb>x</p>",
    '<svg viewBox="0 0 1 1"><linearGradient id="g"/><path d="M0"/><a xlink:href="/x"></a></svg>', "<p a=\"\0\r\n\">\0\x01\ufdd0\U0001f600</p>",
    "<textarea>\n<p></textarea><title>a</TITLE ><script>'<p>'</script>", "<!-- <p> --><![CDATA[x]]></><><?p?><", '<p title="', "<p title",
    '<a class="one" href="/two">three</a>\n' * 700, "<p>\u09a6\u09bf\u09a8\r\n</p>\x81" * 900,
]  # fmt: skip


@pytest.mark.parametrize("html", [html for html, _ in BAD.values()] + [page(body) for body in WRITTEN_OTHERWISE])
def test_a_page_is_read_as_html5lib_reads_it(html):
    complaints = html5lib.HTMLParser()
    complaints.parse(html)
    soup = BeautifulSoup(html, "html5lib", multi_valued_attributes=None)

    read = parsed(html)

    assert read.parse_errors == complaints.errors
    assert read.soup == soup
    assert [tag.sourceline for tag in read.every_tag] == [tag.sourceline for tag in soup.find_all(True)]


# Fragments


def test_a_fragment_needs_no_heading_and_no_title():
    assert see('<section id="results"><p>28 doctors</p></section>').text == "28 doctors"


def test_a_row_may_come_alone_and_with_another_piece():
    seen = see('<tr id="row-12"><td>12</td><td>Karim</td></tr>\n<p id="live" hx-swap-oob="true">Serial 12 called</p>')

    assert seen.text == "12 Karim Serial 12 called"
    assert seen.select("table, title") == []


@pytest.mark.parametrize("tag", ["template", "hx-partial"])
def test_a_row_may_come_in_a_wrapper(tag):
    see(f'<p id="live">Done</p><{tag} hx-target="#rows"><tr><td>12</td></tr></{tag}>')


@pytest.mark.parametrize("fragment", ["<li>One</li>", "<td>One</td>", "<option>One</option>", "<dt>A</dt><dd>One</dd>"])
def test_pieces_of_lists_tables_and_selects_may_come_alone(fragment):
    assert "One" in see(fragment).text or fragment.startswith("<option")


@pytest.mark.parametrize(
    "fragment",
    ["<div><p>hello</div></p>", "<tr><td>1</td></div></tr>", "<tr><p>1</p></tr>", '<p id="a">1</p><p id="a">2</p>',
     "<p>One<div>two</div></p>", '<form method="post"></form>', '<input name="q">'],
)  # fmt: skip
def test_a_badly_made_fragment_fails(fragment):
    with pytest.raises(AssertionError, match="This fragment is not well made"):
        see(fragment)


def test_a_fragment_may_name_what_its_page_has():
    see('<div aria-labelledby="heading-of-the-page"><a href="#main">Back to the list</a></div>')


# Responses


@pytest.fixture
def client() -> Client:
    return Client(lambda environ, start: Response(page("<p>সিরিয়াল ১২</p>"), 422, mimetype="text/html")(environ, start))


def test_a_werkzeug_response_is_seen(client):
    seen = see(client.get("/"))

    assert (seen.code, "সিরিয়াল ১২" in seen) == (422, True)


def test_a_response_of_requests_is_seen():
    response = requests.Response()
    response.status_code, response._content = 200, page().encode()
    response.headers["Content-Type"] = "text/html"

    assert see(response).code == 200


@pytest.mark.parametrize(
    ("answer", "sentence"),
    [
        (Response("", 200, mimetype="text/html"), "the answer is empty"),
        (Response("", 303, {"Location": "/login"}), "303 leads to /login"),
        (Response("{}", 200, mimetype="application/json"), "application/json"),
    ],
)
def test_where_there_is_no_page_it_says_so(answer, sentence):
    with pytest.raises(AssertionError, match=sentence):
        see(Client(answer).get("/"))


# Words


def test_words_are_those_a_person_sees():
    seen = see(page(
        "<p>Serial<b>12</b> is\n  <b>yours</b>, Karim</p><p hidden>secret</p><template><p>later</p></template>"
        '<p><small>Come by</small><b>6:30pm</b></p><svg><title>clock</title></svg><!-- remark -->'
    ))  # fmt: skip

    assert seen.text == "Skip to main content Find a doctor Serial12 is yours, Karim Come by 6:30pm"


def test_status_and_alert_are_announced():
    seen = see(page('<div role="alert"><b>Paid.</b> Thank you</div>', a=('role="status">', 'role="status">3 found')))

    assert (seen.status, seen.alert) == ("3 found", "Paid. Thank you")


def test_the_title_and_heading_are_read():
    assert (see(page()).title, see(page()).h1) == ("Find a doctor · DoctApp", "Find a doctor")


def test_a_link_is_found_by_its_words():
    seen = see(
        page('<a href="/move">Change the <b>time</b></a><a href="/stop" aria-label="Cancel serial 12">Cancel</a>')
    )

    assert (seen.link("time"), seen.link("cancel")) == ("/move", "/stop")
    assert seen.links[1] == ("Change the time", "/move")
    with pytest.raises(AssertionError, match="No link says 'Pay'; there are .*Change the time"):
        seen.link("Pay")


@pytest.mark.parametrize(
    "summary",
    ['<ul><li><a href="#main">Enter a name</a></li><li><p>Try again</p></li></ul>',
     '<p><a href="#main">Enter a name</a></p><p>Try again</p>',
     '<a href="#main">Enter a name</a><a href="#live">Try again</a>'],
)  # fmt: skip
def test_errors_are_the_sentences_of_the_summary(summary):
    seen = see(page(f'<div class="errsum" role="alert"><h2>Two things to correct</h2>{summary}</div>'))

    assert seen.errors == ["Enter a name", "Try again"]


def test_a_page_without_a_summary_has_no_errors():
    assert see(page()).errors == []


# Forms

PATIENT = form("""
<input type="hidden" name="form_key" value="k1">
<label><input type="radio" name="who" value="me" checked> Me</label>
<label><input type="radio" name="who" value="new"> Someone else</label>
<label><input type="radio" name="visit" value="new"> New</label>
<label>Name <input name="name" value="Abdul Karim"></label>
<label>Age <input name="age" inputmode="numeric"></label>
<label>Area <select name="area"><option value="">Anywhere</option><option selected>Cumilla</option></select></label>
<label>Day <select name="day"><option value="mon">Monday</option><option value="tue">Tuesday</option></select></label>
<label>Days <select name="days" multiple><option selected>sat</option><option selected>sun</option></select></label>
<label>Reason <textarea name="reason">
Cough &amp; fever</textarea></label>
<label><input type="checkbox" name="remember"> Remember me</label>
<label><input type="checkbox" name="agree" value="yes" checked> I agree</label>
<label><input type="checkbox" name="tests" value="cbc" checked> CBC</label>
<label><input type="checkbox" name="tests" value="xray"> X-ray</label>
<label>Photo <input type="file" name="photo"></label>
<label>Off <input name="off" value="1" disabled></label>
<fieldset disabled><label>Off too <input name="off_too" value="1"></label></fieldset>
<button name="verdict" value="approve">Approve</button><button name="verdict" value="refuse">Refuse</button>
""").replace("</main>", '<label>Elsewhere <input name="elsewhere" form="f" value="7"></label></main>')


def test_a_form_shows_what_stands_in_it():
    patient = see(PATIENT).form("f")

    assert (patient.method, patient.action, patient.buttons) == ("post", "/patient", ["Approve", "Refuse"])
    assert patient.fields == {
        "form_key": "k1", "who": "me", "visit": None, "name": "Abdul Karim", "age": "", "area": "Cumilla",
        "day": "mon", "days": ["sat", "sun"], "reason": "Cough & fever", "remember": None, "agree": "yes",
        "tests": ["cbc"], "photo": None, "elsewhere": "7",
    }  # fmt: skip


def test_filling_in_gives_what_the_browser_would_post():
    data = see(PATIENT).form("f").fill(
        who="new", age=62, remember=True, agree=False, tests=["xray"], verdict="approve", day="tue", days=None,
    )  # fmt: skip

    assert data == {
        "form_key": "k1", "who": "new", "name": "Abdul Karim", "age": "62", "area": "Cumilla", "day": "tue",
        "reason": "Cough & fever", "remember": "on", "tests": ["xray"], "verdict": "approve", "elsewhere": "7",
    }  # fmt: skip


def test_a_form_says_what_it_offers():
    patient = see(PATIENT).form("f")

    assert patient.choices("who") == ["me", "new"]
    assert patient.choices("area") == ["", "Cumilla"]
    assert patient.choices("name") == []


@pytest.mark.parametrize("values", [{"role": "admin"}, {"who": "nobody"}, {"area": "Paris"}, {"tests": ["mri"]}])
def test_only_what_is_there_can_be_filled_in(values):
    with pytest.raises(AssertionError, match="has no field|offers"):
        see(PATIENT).form("f").fill(**values)


def test_a_form_that_is_not_there_is_missed():
    with pytest.raises(AssertionError, match="No form 'login'; there are f"):
        see(PATIENT).form("login")
