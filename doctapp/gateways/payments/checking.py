"""What is wrong with the settings of the gateways, in sentences that say what to do."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit

from doctapp.config import LOOPBACK, Settings
from doctapp.gateways.payments import NotAdmitted, NotSent
from doctapp.gateways.payments.sslcommerz import LIVE, SANDBOX, SslCommerz
from doctapp.gateways.payments.stripe import Stripe, is_live


@dataclass(frozen=True)
class Finding:
    """One sentence about one gateway; `wrong` where somebody must do something."""

    about: str
    sentence: str
    wrong: bool = False


def check(settings: Settings) -> list[Finding]:
    """All there is to say; each gateway that is configured is asked once whether it lets us in."""
    return [*_stripe(settings), *_sslcommerz(settings), *_everybody(settings)]


def _wrong(about: str, sentence: str) -> Finding:
    return Finding(about, sentence, wrong=True)


def _stripe(settings: Settings) -> Iterator[Finding]:
    key, secret = settings.stripe_secret_key, settings.stripe_webhook_secret
    if not key and not secret:
        yield Finding("Stripe", "not configured. To offer it, set STRIPE_SECRET_KEY and STRIPE_WEBHOOK_SECRET.")
        return
    if not key.startswith(("sk_", "rk_")):
        yield _wrong("Stripe", "STRIPE_SECRET_KEY is missing or no secret key. Put the key that begins with sk_ there.")
        return
    yield Finding("Stripe", f"configured with a {'live' if is_live(key) else 'test'} key.")
    if not secret.startswith("whsec_"):
        yield _wrong(
            "Stripe",
            f"STRIPE_WEBHOOK_SECRET is missing or begins with something else than whsec_. Add a webhook to "
            f"{settings.public_url}/payments/stripe/webhook in Stripe's dashboard and put its signing secret there.",
        )
    yield from _mode("Stripe", settings, live=is_live(key), swap="STRIPE_SECRET_KEY")
    if settings.stripe_api_base and not settings.demo:
        yield _wrong("Stripe", "STRIPE_API_BASE names another address than Stripe's. Leave it empty in production.")
    yield _door("Stripe", Stripe(settings), "STRIPE_SECRET_KEY")


def _sslcommerz(settings: Settings) -> Iterator[Finding]:
    store, live, host = settings.sslcommerz_store, settings.sslcommerz_live, settings.sslcommerz_host
    if not store and not settings.sslcommerz_password:
        yield Finding("SSLCommerz", "not configured. To offer it, set SSLCOMMERZ_STORE and SSLCOMMERZ_PASSWORD.")
        return
    if not store or not settings.sslcommerz_password:
        yield _wrong("SSLCommerz", "only one of SSLCOMMERZ_STORE and SSLCOMMERZ_PASSWORD is set. Set the other, too.")
        return
    yield Finding("SSLCommerz", f"configured with the {'live' if live else 'sandbox'} store {store}.")
    yield from _mode("SSLCommerz", settings, live=live, swap="SSLCOMMERZ_LIVE")
    if host == (SANDBOX if live else LIVE):
        yield _wrong("SSLCommerz", "SSLCOMMERZ_HOST and SSLCOMMERZ_LIVE contradict each other. Leave the host empty.")
    elif host and not settings.demo:
        yield _wrong("SSLCommerz", "SSLCOMMERZ_HOST names another address than SSLCommerz'. Leave it empty.")
    yield _door("SSLCommerz", SslCommerz(settings), "SSLCOMMERZ_STORE, SSLCOMMERZ_PASSWORD and SSLCOMMERZ_LIVE")


def _everybody(settings: Settings) -> Iterator[Finding]:
    configured = settings.stripe_secret_key or settings.sslcommerz_store
    if configured and urlsplit(settings.public_url).hostname in LOOPBACK:
        yield Finding(
            "PUBLIC_URL",
            f"{settings.public_url} can't be reached by a gateway, so no webhook comes. Payments are found by asking, "
            "within a minute; `stripe listen` or a tunnel brings the webhooks, too.",
        )
    elif configured and not settings.https:
        yield _wrong("PUBLIC_URL", f"{settings.public_url} is not https. Gateways tell their events over https only.")
    if settings.demo:
        yield Finding("Sandbox", "offered, because this is demo mode; it takes no money.")
    elif not configured:
        yield Finding("All", "nobody can pay online: patients pay at the chamber.")


def _mode(about: str, settings: Settings, *, live: bool, swap: str) -> Iterator[Finding]:
    if live and settings.demo:
        yield _wrong(about, f"this is demo mode, but it would take real money. Change {swap} to a test one.")
    if not live and not settings.demo:
        yield _wrong(about, f"anybody can book with a test card: this is production. Change {swap} to the live one.")


def _door(about: str, gateway: Stripe | SslCommerz, what: str) -> Finding:
    try:
        gateway.knock()
    except NotAdmitted as refused:
        return _wrong(about, f"does not let us in: {refused}. Look at {what} once more.")
    except NotSent as failed:
        return _wrong(about, f"could not be asked: {failed}. Look at the network of this machine, and try again.")
    return Finding(about, "answers, and knows us.")
