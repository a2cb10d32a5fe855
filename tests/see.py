"""What a person sees: a page, parsed and checked for good making on the way."""

import re
from collections import Counter
from collections.abc import Callable, Iterator
from html.parser import HTMLParser as Scanner
from typing import Any, NamedTuple

import html5lib
from bs4 import BeautifulSoup
from bs4.builder._html5lib import HTML5TreeBuilder
from bs4.element import NavigableString, Tag
from html5lib._tokenizer import HTMLTokenizer
from html5lib.constants import E as PARSE_ERRORS
from html5lib.constants import namespaces, tokenTypes

Lint = Callable[["Source"], Iterator[str]]
ParseError = tuple[tuple[int, int], str, dict[str, Any]]
Value = str | list[str] | None


def names(text: str) -> set[str]:
    """A set of names, written as a line."""
    return set(text.split())


BLOCKS = names(
    "address article aside blockquote details dialog div dl fieldset figure footer form h1 h2 h3 h4 h5 h6 header hr "
    "main nav ol p pre search section table ul"
)
PHRASING_ONLY = names(
    "abbr b button cite code em h1 h2 h3 h4 h5 h6 i kbd label mark p q s small span strong sub sup time u"
)
HTML = namespaces["html"]
LISTS = names("ul ol menu")
INLINE = names("a abbr b bdi bdo cite code data dfn em i kbd mark q s small span strong sub sup time u var wbr")
CONTROLS = names("input select textarea button")
BUTTON_TYPES = names("submit button reset image")
UNSEEN = {"script", "style", "template", "title", "desc"}
VOID = names("area base br col embed hr img input link meta source track wbr")
AROUND = {
    "tr": ("<table data-around><tbody data-around>", "</tbody></table>"),
    "td": ("<table data-around><tbody data-around><tr data-around>", "</tr></tbody></table>"),
    "th": ("<table data-around><tbody data-around><tr data-around>", "</tr></tbody></table>"),
    "tbody": ("<table data-around>", "</table>"),
    "thead": ("<table data-around>", "</table>"),
    "tfoot": ("<table data-around>", "</table>"),
    "caption": ("<table data-around>", "</table>"),
    "option": ("<select data-around aria-label=around>", "</select>"),
    "optgroup": ("<select data-around aria-label=around>", "</select>"),
    "li": ("<ul data-around>", "</ul>"),
    "dt": ("<dl data-around>", "</dl>"),
    "dd": ("<dl data-around>", "</dl>"),
}
WRAPPERS = {"template", "hx-partial"}
# A tag as nearly all are written; html5lib takes longer over it, and finds nothing to complain about.
PLAIN_TAG = re.compile(
    r"""<(/?)([a-z][a-z0-9-]*)((?:[ \n]+[a-z][a-z0-9:-]*(?:="[^"&\0]*")?)*)[ \n]*(/?)>""", re.IGNORECASE | re.ASCII
)
ATTRIBUTE = re.compile(r"""([a-z][a-z0-9:-]*)(?:="([^"]*)")?""", re.IGNORECASE | re.ASCII)
# html5lib searches long for invalid characters; where none of these stands, there is none.
UNUSUAL = re.compile("[^\t\n\f\r -~\xa0-\ud7ff\ue000-\ufdcf\ufdf0-\ufffd]")


class Link(NamedTuple):
    """The words of a link and where it leads."""

    text: str
    href: str


class Form:
    """A form as a person finds it: what stands in it, and what filling it in would send."""

    def __init__(self, tag: Tag, soup: BeautifulSoup) -> None:
        self.tag = tag
        self.id = attr(tag, "id")
        self.action = attr(tag, "action")
        self.method = attr(tag, "method").lower()
        self.text = words(tag)
        self._controls = [c for c in tags_in(soup) if c.name in CONTROLS and owner(c, soup) is tag and live(c)]

    def __repr__(self) -> str:
        return f"<Form {self.id or '(no id)'}: {self.method} {self.action} {self.fields}>"

    @property
    def fields(self) -> dict[str, Value]:
        """Every named field and its current value; None where nothing is chosen."""
        return {name: value_of(controls) for name, controls in self._named().items() if not is_button(controls[0])}

    @property
    def buttons(self) -> list[str]:
        """The words on its buttons."""
        return [spoken(control) for control in self._controls if is_button(control)]

    def choices(self, name: str) -> list[str]:
        """The values offered by radios, checkboxes, a select or named buttons; none for a free field."""
        return [choice for control in self._named()[name] for choice in choices_of(control)]

    def fill(self, **values: Any) -> dict[str, Any]:
        """What the browser would post after these fields were filled in; False or None empties a choice."""
        data: dict[str, Any] = {name: value for name, value in self.fields.items() if value is not None}
        for name, value in values.items():
            assert name in self._named(), (
                f"The form {self.id!r} has no field {name!r}, only {', '.join(self._named())}."
            )
            if value is None or value is False:
                data.pop(name, None)
            else:
                data[name] = self._checked(name, value)
        return data

    def _checked(self, name: str, value: Any) -> Any:
        choices = self.choices(name)
        if not choices:
            return str(value) if isinstance(value, (int, float)) else value
        if value is True:
            return choices[0]
        wanted = [str(one) for one in value] if isinstance(value, (list, tuple, set)) else [str(value)]
        for one in wanted:
            assert one in choices, f"The field {name!r} of {self.id!r} offers {choices}, not {one!r}."
        return wanted if isinstance(value, (list, tuple, set)) else wanted[0]

    def _named(self) -> dict[str, list[Tag]]:
        named: dict[str, list[Tag]] = {}
        for control in self._controls:
            if attr(control, "name"):
                named.setdefault(attr(control, "name"), []).append(control)
        return named


class Page:
    """A page or fragment, in words a test can read."""

    def __init__(self, soup: BeautifulSoup, code: int | None = None) -> None:
        self.soup = soup
        self.code = code

    def __contains__(self, some_words: str) -> bool:
        return fold(some_words) in self.text

    def __repr__(self) -> str:
        return f"<Page {self.code or ''} {self.title or self.text[:60]!r}>"

    @property
    def text(self) -> str:
        """All visible words, with whitespace folded."""
        return words(self.soup)

    @property
    def title(self) -> str:
        """The words on the browser's tab."""
        return fold(self.soup.title.get_text()) if self.soup.title else ""

    @property
    def h1(self) -> str:
        """The words of the one main heading."""
        return words(self.soup.h1) if self.soup.h1 else ""

    @property
    def status(self) -> str:
        """What is announced politely."""
        return fold(" ".join(words(tag) for tag in self.soup.select("[role=status]")))

    @property
    def alert(self) -> str:
        """What is announced at once."""
        return fold(" ".join(words(tag) for tag in self.soup.select("[role=alert]")))

    @property
    def errors(self) -> list[str]:
        """The sentences of the error summary."""
        lines = self.soup.select(".errsum :is(li, p):not(:has(li, p))") or self.soup.select(".errsum a")
        return [words(line) for line in lines]

    @property
    def links(self) -> list[Link]:
        """Every link: its words and its address."""
        return [Link(spoken(tag), attr(tag, "href")) for tag in self.soup.select("a[href]")]

    @property
    def forms(self) -> list[Form]:
        """Every form, in order."""
        return [Form(tag, self.soup) for tag in self.soup.select("form")]

    def link(self, word: str) -> str:
        """The address of the first link whose words contain this."""
        for link in self.links:
            if word.casefold() in link.text.casefold():
                return link.href
        raise AssertionError(
            f"No link says {word!r}; there are {', '.join(link.text for link in self.links) or 'none'}."
        )

    def form(self, form_id: str) -> Form:
        """The form with this id."""
        for tag in self.soup.select("form"):
            if attr(tag, "id") == form_id:
                return Form(tag, self.soup)
        raise AssertionError(f"No form {form_id!r}; there are {', '.join(f.id for f in self.forms) or 'none'}.")

    def select(self, css: str) -> list[Tag]:
        """Whatever a CSS selector finds."""
        return list(self.soup.select(css))


class Source(NamedTuple):
    """What the lints look at: a page and its tags, in order; what a template holds is not on the page yet."""

    soup: BeautifulSoup
    parse_errors: list[ParseError]
    tags: list[Tag]
    every_tag: list[Tag]
    ids: Counter[str]

    def named(self, *some: str) -> list[Tag]:
        """The tags of these names."""
        return [tag for tag in self.tags if tag.name in some]

    def bearing(self, name: str) -> list[Tag]:
        """The tags that have this attribute."""
        return [tag for tag in self.tags if name in tag.attrs]


def see(response: Any) -> Page:
    """The page of a response or string; raises AssertionError with every fault in its making."""
    html, code = body_of(response)
    assert html.strip(), "There is nothing to see: the answer is empty."
    full = re.match(r"\s*<(!doctype|html)\b", html, re.IGNORECASE) is not None
    source = parsed(html if full else as_document(html))
    faults = [fault for lint in (EVERYWHERE + ON_PAGES if full else EVERYWHERE) for fault in lint(source)]
    assert not faults, f"This {'page' if full else 'fragment'} is not well made:\n- " + "\n- ".join(faults)
    if not full:
        take_away_surroundings(source.soup)
    return Page(source.soup, code)


def body_of(response: Any) -> tuple[str, int | None]:
    """The HTML and the status of a Werkzeug or requests response, or of a string."""
    if isinstance(response, str):
        return response, None
    kind = response.headers.get("Content-Type", "")
    assert response.status_code not in (301, 302, 303, 307, 308), (
        f"There is no page to see: {response.status_code} leads to {response.headers.get('Location')}."
    )
    assert kind.startswith("text/html"), f"There is no page to see: {response.status_code} {kind or 'without a type'}."
    raw = response.content if hasattr(response, "content") else response.get_data()
    return raw.decode("utf-8"), response.status_code


# Reading


class Tokens(HTMLTokenizer):
    """The tokenizer of html5lib, which takes a plainly written tag at once; the tokens are the same."""

    def __init__(self, html: str, parser: html5lib.HTMLParser) -> None:
        super().__init__(html, parser)
        if not UNUSUAL.search(html):
            self.stream.reportCharacterErrors = None

    def dataState(self) -> bool:  # noqa: N802
        """Take the next tag, or whatever else comes."""
        found = PLAIN_TAG.match(self.stream.chunk, self.stream.chunkOffset)
        token = token_of(*found.groups()) if found else None
        if found is None or token is None:
            return bool(super().dataState())
        self.stream.chunkOffset = found.end()
        self.currentToken = token
        self.tokenQueue.append(token)
        return True


def token_of(end: str, name: str, given: str, closed: str) -> dict[str, Any] | None:
    """What html5lib makes of a tag; None where it would complain."""
    attributes = ATTRIBUTE.findall(given)
    data = {name.lower(): value for name, value in attributes}
    if len(data) < len(attributes) or (end and (data or closed)):
        return None
    if end:
        return {"type": tokenTypes["EndTag"], "name": name.lower(), "data": [], "selfClosing": False}
    return {
        "type": tokenTypes["StartTag"], "name": name.lower(), "data": data,
        "selfClosing": bool(closed), "selfClosingAcknowledged": False,
    }  # fmt: skip


class StrictTree(HTML5TreeBuilder):
    """The tree builder of Beautiful Soup, which otherwise throws the parser's complaints away."""

    errors: list[ParseError]

    def feed(self, markup: Any) -> None:
        """Parse, and keep the complaints."""
        parser = html5lib.HTMLParser(tree=self.create_treebuilder)
        self.underlying_builder.parser = parser
        parser.innerHTMLMode = parser.scripting = False
        parser.tokenizer = Tokens(markup, parser)
        parser.reset()
        parser.mainLoop()
        self.errors = parser.errors


def parsed(html: str) -> Source:
    """The tree of a whole document with the parser's complaints, the tags and the ids in it."""
    builder = StrictTree(multi_valued_attributes=None)
    soup = BeautifulSoup(html, builder=builder)
    tags = tags_in(soup)
    ids = Counter(attr(tag, "id") for tag in tags if "id" in tag.attrs)
    return Source(soup, builder.errors, tags, tags_in(soup, templates=True), ids)


def tags_in(tag: Tag, *, templates: bool = False) -> list[Tag]:
    """The tags inside a tag, in order, with or without what templates hold."""
    found, waiting = [], tag.contents[::-1]
    while waiting:
        one = waiting.pop()
        if isinstance(one, Tag):
            found.append(one)
            if templates or (one.name, one.namespace) != ("template", HTML):
                waiting += one.contents[::-1]
    return found


class TopLevel(Scanner):
    """Finds where the outermost elements of a fragment begin and end."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=False)
        self.pieces: list[tuple[str, int, int, int]] = []
        self._lines = [0, *(found.end() for found in re.finditer("\n", html))]
        self._depth = 0
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Remember where an outermost element begins."""
        start = self._here()
        if self._depth == 0:
            self.pieces.append((tag, start, start + len(self.get_starttag_text() or ""), -1))
        if tag not in VOID:
            self._depth += 1

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """An element closed on the spot holds nothing."""

    def handle_endtag(self, tag: str) -> None:
        """Remember where an outermost element ends."""
        self._depth -= 1
        if self._depth == 0 and self.pieces:
            name, start, inside, _ = self.pieces[-1]
            self.pieces[-1] = (name, start, inside, self._here())

    def _here(self) -> int:
        line, column = self.getpos()
        return self._lines[line - 1] + column


def as_document(fragment: str) -> str:
    """A document around a fragment, so that rows, cells and options stand where they may."""
    return f"<!doctype html><html lang=en><head><title>-</title></head><body>{surrounded(fragment)}</body></html>"


def surrounded(fragment: str) -> str:
    """Each outermost element of a fragment inside the elements it needs around it."""
    done, at = [], 0
    for name, start, inside, end in TopLevel(fragment).pieces:
        if end < 0 or not (name in AROUND or name in WRAPPERS):
            continue
        stop = fragment.index(">", end) + 1
        before, after = AROUND.get(name, ("", ""))
        piece = fragment[start:stop]
        if name in WRAPPERS:
            piece = fragment[start:inside] + surrounded(fragment[inside:end]) + fragment[end:stop]
        done.append(fragment[at:start] + before + piece + after)
        at = stop
    return "".join(done) + fragment[at:]


def take_away_surroundings(soup: BeautifulSoup) -> None:
    """Leave only what the fragment itself brought."""
    for tag in soup.select("[data-around]"):
        tag.unwrap()
    if soup.head:
        soup.head.decompose()


# Words


def fold(text: str) -> str:
    """Text with whitespace folded."""
    return " ".join(text.split())


def attr(tag: Tag, name: str) -> str:
    """An attribute's text, or an empty one."""
    return str(tag.get(name) or "")


def words(tag: Tag) -> str:
    """The visible words inside a tag."""
    return fold(gather(tag, lambda one: one.name in UNSEEN or one.has_attr("hidden")))


def spoken(tag: Tag) -> str:
    """The name a screen reader gives to a link or button."""
    if attr(tag, "aria-label"):
        return fold(attr(tag, "aria-label"))
    inside = tags_in(tag)
    pictures = " ".join(attr(image, "alt") for image in inside if image.name == "img")
    drawn = " ".join(title.get_text() for title in inside if is_drawn(title))
    inner = gather(tag, lambda one: one.name in UNSEEN or attr(one, "aria-hidden") == "true" or one.has_attr("hidden"))
    return fold(f"{inner} {pictures} {drawn}".strip() or attr(tag, "value") or attr(tag, "alt"))


def is_drawn(tag: Tag) -> bool:
    """Whether a tag is the title of a drawing that a screen reader speaks of."""
    svg = tag.parent
    return tag.name == "title" and svg is not None and svg.name == "svg" and attr(svg, "aria-hidden") != "true"


def gather(tag: Tag, unseen: Callable[[Tag], bool]) -> str:
    """Text, with a space where one element ends and the next begins, but none between a word and its emphasis."""
    parts: list[str] = []
    after_tag = False
    for child in tag.children:
        if isinstance(child, Tag):
            if unseen(child):
                continue
            inner = gather(child, unseen)
            parts.append(inner if child.name in INLINE and not after_tag else f" {inner}")
            if child.name not in INLINE:
                parts.append(" ")
            after_tag = True
        elif type(child) is NavigableString:
            parts.append(child)
            after_tag = False
    return "".join(parts)


def around(tag: Tag, some: set[str]) -> Tag | None:
    """The nearest tag around this one that has one of these names."""
    outer = tag.parent
    while outer is not None and outer.name not in some:
        outer = outer.parent
    return outer


def where(tag: Tag) -> str:
    """A tag as a sentence names it."""
    marks = "".join(f' {name}="{attr(tag, name)}"' for name in ("id", "name", "href", "type") if tag.has_attr(name))
    return f"line {tag.sourceline}: <{tag.name}{marks}>"


# Fields


def owner(control: Tag, soup: BeautifulSoup) -> Tag | None:
    """The form a control belongs to."""
    if control.has_attr("form"):
        forms = (tag for tag in tags_in(soup) if tag.name == "form")
        return next((form for form in forms if attr(form, "id") == attr(control, "form")), None)
    return around(control, {"form"})


def live(control: Tag) -> bool:
    """Whether a control would be sent at all."""
    return not control.has_attr("disabled") and control.find_parent("fieldset", attrs={"disabled": True}) is None


def is_button(tag: Tag) -> bool:
    """Whether a tag is pressed, not filled in."""
    return tag.name == "button" or (tag.name == "input" and type_of(tag) in BUTTON_TYPES)


def is_field(tag: Tag) -> bool:
    """Whether a tag is filled in by a person."""
    if tag.name == "input":
        return type_of(tag) not in BUTTON_TYPES | {"hidden"}
    return tag.name in {"select", "textarea"}


def type_of(tag: Tag) -> str:
    """The type of a control, which HTML reads in capitals too, and a drawing does not."""
    return attr(tag, "type").lower() if tag.namespace == HTML else attr(tag, "type")


def is_link(tag: Tag) -> bool:
    """Whether a tag is a link, not a mere anchor."""
    return tag.name == "a" and tag.has_attr("href")


def choices_of(control: Tag) -> list[str]:
    """The values one control offers, none for a free field."""
    if control.name == "select":
        return [option_value(option) for option in control.select("option")]
    if attr(control, "type") in {"radio", "checkbox"}:
        return [str(control.get("value", "on"))]
    return [attr(control, "value")] if is_button(control) else []


def option_value(option: Tag) -> str:
    """What choosing this option sends."""
    return str(option.get("value", fold(option.get_text())))


def value_of(controls: list[Tag]) -> Value:
    """The current value of all controls of one name."""
    kind = attr(controls[0], "type")
    if kind in {"radio", "checkbox"}:
        chosen = [choices_of(control)[0] for control in controls if control.has_attr("checked")]
        several = kind == "checkbox" and len(controls) > 1
        return chosen if several else (chosen[0] if chosen else None)
    values = [single_value(control) for control in controls]
    return values[0] if len(values) == 1 else [value for value in values if isinstance(value, str)]


def single_value(control: Tag) -> Value:
    """The current value of one select, textarea or input."""
    if control.name == "select":
        chosen = [option_value(option) for option in control.select("option[selected]")]
        if control.has_attr("multiple"):
            return chosen
        offered = [option_value(option) for option in control.select("option:not([disabled])")]
        return chosen[-1] if chosen else next(iter(offered), None)
    if control.name == "textarea":
        return control.get_text()
    return None if attr(control, "type") == "file" else attr(control, "value")


# Lints: each yields one sentence a fault


def the_markup_parses(source: Source) -> Iterator[str]:
    """The parser has nothing to complain about."""
    for (line, _), code, details in source.parse_errors:
        if code == "unexpected-start-tag" and details.get("name") == "form":
            yield f"line {line}: a form stands inside another form."
        else:
            yield f"line {line}: {PARSE_ERRORS.get(code, code) % details}"


def blocks_stand_in_blocks(source: Source) -> Iterator[str]:
    """No block stands inside running text, and no control inside a link or button."""
    for tag in source.every_tag:
        if tag.name in BLOCKS and (outer := around(tag, PHRASING_ONLY)):
            yield f"{where(tag)} must not stand inside <{outer.name}>."
    for tag in source.tags:
        if (is_link(tag) or is_button(tag) or is_field(tag) or tag.name == "label") and around(tag, {"a", "button"}):
            yield f"{where(tag)} must not stand inside a link or button."


def lists_hold_items(source: Source) -> Iterator[str]:
    """Lists hold nothing but items, and items stand in lists."""
    for tag in source.tags:
        list_of = tag.parent.name if tag.parent else ""
        if list_of in LISTS and tag.name not in {"li", "script", "template"}:
            yield f"{where(tag)} stands directly in a list and is no <li>."
        if list_of == "dl" and tag.name not in {"dt", "dd", "div", "script", "template"}:
            yield f"{where(tag)} stands directly in a <dl>."
        if tag.name == "li" and list_of not in LISTS:
            yield f"{where(tag)} stands outside a list."


def ids_are_unique(source: Source) -> Iterator[str]:
    """No id is given twice or empty."""
    for name, times in source.ids.items():
        if times > 1 or not name.strip():
            yield f'id="{name}" is given {times} times.' if name.strip() else "An id is empty."


def fields_have_labels(source: Source) -> Iterator[str]:
    """Every field says what it is for."""
    labels = {attr(label, "for") for label in source.named("label") if label.has_attr("for") and spoken(label)}
    for tag in filter(is_field, source.tags):
        label = around(tag, {"label"})
        named = attr(tag, "aria-label").strip() or attr(tag, "aria-labelledby")
        if not (named or attr(tag, "id") in labels or (label is not None and spoken(label))):
            yield f"{where(tag)} has no label."


def labels_lead_somewhere(source: Source) -> Iterator[str]:
    """Every label's field is there."""
    for tag in source.named("label"):
        if tag.has_attr("for") and attr(tag, "for") not in source.ids:
            yield f'line {tag.sourceline}: the label "{spoken(tag)}" is for "{attr(tag, "for")}", which is not there.'


def forms_say_where_they_go(source: Source) -> Iterator[str]:
    """Every form has its method and action."""
    for tag in source.named("form"):
        if attr(tag, "method").lower() not in {"get", "post"}:
            yield f"{where(tag)} needs method get or post."
        if not attr(tag, "action"):
            yield f"{where(tag)} needs an action."


def buttons_do_something(source: Source) -> Iterator[str]:
    """Every button's type is one that exists."""
    for tag in source.named("button"):
        if tag.has_attr("type") and attr(tag, "type").lower() not in {"submit", "button", "reset"}:
            yield f"{where(tag)}: a button's type is submit, button or reset."


def links_and_buttons_have_names(source: Source) -> Iterator[str]:
    """No link or button is empty."""
    for tag in source.tags:
        if (is_link(tag) or is_button(tag)) and not (spoken(tag) or attr(tag, "aria-labelledby")):
            yield f"{where(tag)} is empty: nobody can tell what it does."


def links_lead_somewhere(source: Source) -> Iterator[str]:
    """No link is a dummy or a script."""
    for tag in filter(is_link, source.tags):
        href = attr(tag, "href").strip().lower()
        if href in {"", "#"} or href.startswith("javascript:"):
            yield f"{where(tag)} leads nowhere."


def nothing_is_inline(source: Source) -> Iterator[str]:
    """Style and script come from files; the policy of our headers allows nothing else."""
    for tag in source.bearing("style"):
        yield f"{where(tag)} has a style attribute."
    for tag in source.named("style"):
        if around(tag, {"body"}):
            yield f"{where(tag)} stands in the body."
    for tag in source.named("script"):
        if not tag.has_attr("src") and "json" not in attr(tag, "type"):
            yield f"{where(tag)} is an inline script."
    for tag in source.every_tag:
        for name in tag.attrs:
            if name.lower().startswith(("on", "hx-on")):
                yield f"{where(tag)} has the script attribute {name}."


def pictures_are_measured(source: Source) -> Iterator[str]:
    """Every picture has its size and its words."""
    for tag in source.named("img"):
        missing = [name for name in ("width", "height") if not attr(tag, name)]
        missing += [] if tag.has_attr("alt") else ["alt"]
        if missing:
            yield f"{where(tag)} lacks {', '.join(missing)}."


def the_page_has_a_language(source: Source) -> Iterator[str]:
    """The page says which language it speaks."""
    if source.soup.html is None or not attr(source.soup.html, "lang").strip():
        yield "<html> has no lang."


def one_heading_and_its_title(source: Source) -> Iterator[str]:
    """There is one h1, and the title is made of it."""
    headings = source.named("h1")
    if len(headings) != 1:
        yield f"A page has one h1, this one has {len(headings)}."
        return
    heading, title = words(headings[0]), fold(source.soup.title.get_text() if source.soup.title else "")
    if not heading:
        yield "The h1 is empty."
    if not any(title.startswith(heading) for title in (title, without_error_mark(source, title))):
        yield f'The title "{title}" does not begin with the words of the h1, "{heading}".'
    if not title.endswith(" · DoctApp"):
        yield f'The title "{title}" does not end in " · DoctApp".'


def without_error_mark(source: Source, title: str) -> str:
    """A title without its "Error: ", which other languages say in their own word."""
    english = source.soup.html is None or attr(source.soup.html, "lang").startswith("en")
    return title.removeprefix("Error: ") if english else re.sub(r"^\S+: ", "", title)


def references_are_there(source: Source) -> Iterator[str]:
    """Whatever names an id names one of this page; a fragment may name what its page has."""
    for name in ("aria-describedby", "aria-labelledby", "aria-controls", "aria-errormessage", "form", "list"):
        for tag in source.bearing(name):
            for one in attr(tag, name).split():
                if one not in source.ids:
                    yield f'{where(tag)} has {name}="{one}", which is not there.'
    for tag in source.named("a"):
        mark, one = attr(tag, "href")[:1], attr(tag, "href")[1:]
        if mark == "#" and one and one != "top" and one not in source.ids:
            yield f"{where(tag)} leads to no id of this page."


def loose_buttons_are_plain(source: Source) -> Iterator[str]:
    """A button that belongs to no form submits nothing, so it must say that it is only a button."""
    for tag in source.named("button"):
        if attr(tag, "type") != "button" and not tag.has_attr("form") and around(tag, {"form"}) is None:
            yield f'{where(tag)} "{spoken(tag)}" belongs to no form and is not type="button".'


EVERYWHERE: list[Lint] = [
    the_markup_parses, blocks_stand_in_blocks, lists_hold_items, ids_are_unique, fields_have_labels,
    labels_lead_somewhere, forms_say_where_they_go, buttons_do_something, links_and_buttons_have_names,
    links_lead_somewhere, nothing_is_inline, pictures_are_measured,
]  # fmt: skip
ON_PAGES: list[Lint] = [
    the_page_has_a_language, one_heading_and_its_title, references_are_there, loose_buttons_are_plain,
]  # fmt: skip
