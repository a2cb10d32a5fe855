"""The Bangla catalogue: `python tools/catalogue.py [check | update [--prune] | compile]`.

`check` (what happens without a word) fails unless every text of the code and the templates has a finished translation
with the same parameters, and every translation has a text. `update` collects new texts and keeps all translations.
"""

from __future__ import annotations

import argparse
import io
import re
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir
from babel.messages.frontend import parse_mapping_cfg
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

ROOT = Path(__file__).resolve().parent.parent
TRANSLATIONS = ROOT / "doctapp" / "translations"
LOCALE = "bn"
PATH = TRANSLATIONS / LOCALE / "LC_MESSAGES" / "messages.po"
KEYWORDS = DEFAULT_KEYWORDS | {
    "_l": None,
    "lazy_gettext": None,
    "lazy_ngettext": (1, 2),
    "lazy_pgettext": ((1, "c"), 2),
}
NAMED = re.compile(r"%\(\w+\)[a-z]|\{\w+\}")
UNNAMED = re.compile(r"%[sdr]")


def main() -> None:
    """Do what the command line asks."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("action", nargs="?", default="check", choices=["check", "update", "compile"])
    parser.add_argument("--prune", action="store_true", help="with update: drop translations nothing asks for")
    wanted = parser.parse_args()
    if wanted.action == "compile":
        compile_all()
    elif wanted.action == "update":
        update(prune=wanted.prune)
    else:
        sys.exit(check())


def check() -> int:
    """Print everything that is missing from the catalogue; the exit code."""
    faults = list(faults_of(collect(), load()))
    for fault in faults:
        print(fault)
    if faults:
        print(f"\n{len(faults)} faults in {PATH.relative_to(ROOT)}. Run `make messages`, then translate.")
        return 1
    print("The Bangla catalogue is complete.")
    return 0


def faults_of(wanted: Catalog, catalogue: Catalog) -> Iterator[str]:
    """One line for each text that a Bangla reader would not get, or that nobody asks for."""
    for message in texts(wanted):
        found = catalogue.get(message.id, message.context)
        name = shown(message)
        if found is None:
            yield f"not in the catalogue: {name}  ({place(message)})"
        elif not is_whole(found) or isinstance(message.id, str) != isinstance(found.id, str):
            yield f"not translated:       {name}  ({place(message)})"
        elif found.fuzzy:
            yield f"marked fuzzy:         {name}"
        elif not same_parameters(message, found):
            yield f"other parameters:     {name} → {found.string}"
    for message in [*texts(catalogue), *catalogue.obsolete.values()]:
        if wanted.get(message.id, message.context) is None:
            yield f"nobody asks for:      {shown(message)}  (make messages ARGS=--prune drops these)"


def texts(catalogue: Catalog) -> list[Message]:
    """The messages of a catalogue without its header."""
    return [message for message in catalogue if message.id]


def forms(text: object) -> list[str]:
    """A message's text, or its singular and plural; a new message has none yet."""
    return [str(text or "")] if text is None or isinstance(text, str) else list(text)  # type: ignore[call-overload]


def is_whole(message: Message) -> bool:
    """Whether every form is translated."""
    return all(form.strip() for form in forms(message.string))


def same_parameters(message: Message, found: Message) -> bool:
    """Whether each translated form has its text's parameters; a singular may also name the plural's number."""
    known = {name for text in forms(message.id) for name in named(text)}
    pairs = zip(forms(message.id), forms(found.string), strict=False)
    return all(
        named(text) <= named(translation) <= known and nameless(text) == nameless(translation)
        for text, translation in pairs
    )


def named(text: str) -> set[str]:
    """The parameters a text names."""
    return set(NAMED.findall(text.replace("%%", "")))


def nameless(text: str) -> list[str]:
    """The parameters a text takes in order."""
    return UNNAMED.findall(text.replace("%%", ""))


def shown(message: Message) -> str:
    """A message as a person finds it in the code."""
    return repr(forms(message.id)[0])


def place(message: Message) -> str:
    """Where a message stands first."""
    return ":".join(str(part) for part in message.locations[0])


def collect() -> Catalog:
    """Every text of the code and the templates."""
    with (ROOT / "babel.cfg").open() as file:
        methods, options = parse_mapping_cfg(file)
    found = Catalog(charset="utf-8")
    extracted = extract_from_dir(ROOT, methods, options, KEYWORDS, comment_tags=["note:"], strip_comment_tags=True)
    for file_name, line, text, comments, context in extracted:
        found.add(text, None, [(file_name, line)], auto_comments=comments, context=context)
    return found


def load(path: Path = PATH) -> Catalog:
    """A catalogue from its file; an empty one where there is none."""
    if not path.exists():
        return Catalog(
            locale=LOCALE,
            header_comment="# DoctApp in Bangla.",
            project="DoctApp",
            version="1",
            msgid_bugs_address="DoctApp",
            last_translator="DoctApp",
            language_team="DoctApp",
            revision_date=datetime.now(UTC),
            fuzzy=False,
        )
    with path.open("rb") as file:
        return read_po(file, locale=path.parts[-3], abort_invalid=True)


def update(*, prune: bool) -> None:
    """Bring new texts into the catalogue; what nobody asks for any more stays below as `#~` until it is pruned."""
    catalogue = load()
    before = {message.id for message in texts(catalogue)}
    dates = catalogue.creation_date, catalogue.revision_date
    for message in list(catalogue.obsolete.values()):
        catalogue.add(message.id, message.string, context=message.context, flags=message.flags)
    catalogue.obsolete.clear()
    wanted = collect()
    catalogue.update(wanted, no_fuzzy_matching=True, update_header_comment=False)
    catalogue.creation_date, catalogue.revision_date = dates
    PATH.parent.mkdir(parents=True, exist_ok=True)
    write_whole(PATH, as_po(catalogue, prune=prune))
    new = [message for message in texts(wanted) if message.id not in before]
    empty = [message for message in texts(catalogue) if not is_whole(message)]
    print(f"Texts: {len(texts(wanted))}. New: {len(new)}. Without a translation: {len(empty)}.")
    if catalogue.obsolete:
        fate = "dropped" if prune else "kept at the end of the file; make messages ARGS=--prune drops them"
        print(f"Translations that nobody asks for: {len(catalogue.obsolete)}, {fate}.")


def as_po(catalogue: Catalog, *, prune: bool) -> bytes:
    """The file: sorted, without places or dates of its own making, so that a diff shows only translations."""
    file = io.BytesIO()
    write_po(file, catalogue, width=0, no_location=True, sort_output=True, ignore_obsolete=prune)
    return file.getvalue()


def compile_all() -> None:
    """Write a `.mo` beside every `.po`."""
    for path in TRANSLATIONS.glob("*/LC_MESSAGES/*.po"):
        file = io.BytesIO()
        write_mo(file, load(path))
        write_whole(path.with_suffix(".mo"), file.getvalue())


def write_whole(path: Path, content: bytes) -> None:
    """Write a file whole or not at all."""
    fresh = path.with_name(f".{path.name}.new")
    fresh.write_bytes(content)
    fresh.replace(path)


if __name__ == "__main__":
    main()
