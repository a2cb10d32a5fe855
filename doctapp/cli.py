"""The command line: seed, sweep, audit, authenticator, payments, areas."""

from __future__ import annotations

import click
from flask import Flask

from doctapp import clock


def init_app(app: Flask) -> None:
    """Add the house's commands to `flask`."""

    @app.cli.command("sweep")
    @click.option("--every", type=int, help="Go on for ever, with so many seconds between.")
    def sweep(every: int | None) -> None:
        """Let time do its work: expire, lapse, remind, close, and send what is overdue."""
        from doctapp.work import sweep

        if every:
            sweep.sweep_for_ever(every)
        else:
            sweep.sweep_once(clock.now())

    @app.cli.group("audit")
    def audit() -> None:
        """The audit's sealed chain."""

    @audit.command("verify")
    @click.option("--kept", default="", help="A head hash noted earlier: is it still in the chain?")
    def verify(kept: str) -> None:
        """Hash everything again and say what does not agree; exit code 1 where anything is wrong."""
        from doctapp.audit.verifying import verify

        verdict = verify(now=clock.now(), kept=kept.strip().lower())
        for sentence in verdict.wrong:
            click.echo(sentence, err=True)
        click.echo(
            f"{verdict.entries} entries, {verdict.unsealed} of them not sealed yet, under {verdict.seals} seals."
        )
        click.echo(f"Head: {verdict.head}")
        if verdict.wrong:
            raise click.exceptions.Exit(1)
        click.echo("All agree. Keep the head somewhere else, and give it back with --kept next time.")

    @app.cli.group("payments")
    def payments() -> None:
        """The gateways that take money."""

    @payments.command("check")
    def check_payments() -> None:
        """Say of each gateway how it is configured and whether it lets us in; exit code 1 where anything is wrong."""
        from doctapp.gateways.payments.checking import check

        findings = check(app.config["SETTINGS"])
        for finding in findings:
            click.echo(f"{finding.about}: {finding.sentence}", err=finding.wrong)
        if any(finding.wrong for finding in findings):
            raise click.exceptions.Exit(1)

    @app.cli.group("authenticator")
    def authenticator() -> None:
        """The authenticator apps of those who sign in with one."""

    @authenticator.command("remove")
    @click.argument("email")
    def remove(email: str) -> None:
        """Take the app away from the person with this address, who lost the phone; they are told, and set up a new one."""
        from doctapp.accounts import authenticator, people
        from doctapp.db import transaction
        from doctapp.notifications import account_telling

        person = people.owner_of("email", email.strip().casefold())
        if person is None or authenticator.of(person.id) is None:
            raise click.ClickException(f"Nobody with the address {email} has an authenticator app.")
        person_id, now = person.id, clock.now()
        with transaction():
            authenticator.forget(person_id, by=None, now=now)
            account_telling.app_removed(person_id, now=now)
        click.echo("The app is removed, and its owner is told. At the next sign-in a new one is set up.")

    @app.cli.group("areas")
    def areas() -> None:
        """Divisions, districts and areas."""

    @areas.command("load")
    def load() -> None:
        """Write the areas and specialties of the data files to rows; harmless twice."""
        from doctapp.clinics.areas import load_areas
        from doctapp.db import transaction
        from doctapp.doctors.specialties import load_specialties

        with transaction():
            counted = load_areas(), load_specialties()
        click.echo(f"{counted[0]} areas and {counted[1]} specialties are there.")

    @app.cli.command("seed")
    @click.option("--doctors", type=int, default=300, show_default=True)
    def seed(doctors: int) -> None:
        """Fill the demo world; refused outside demo mode."""
        if not app.config["SETTINGS"].demo:
            raise click.ClickException("Demo people are for demo mode only: set DOCTAPP_MODE=demo on your own machine.")
        from doctapp.seed.rows import write_world

        write_world(doctors=doctors, now=clock.now(), say=click.echo)
