"""The command line: seed, sweep, audit, areas."""

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
