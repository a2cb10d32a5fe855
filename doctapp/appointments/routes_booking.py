"""The steps from a hold to a request: who it is for, the code, check and pay."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import lazy_gettext as _l
from flask_login import current_user

from doctapp import clock
from doctapp.accounts import codes, patients, ways
from doctapp.accounts.forms import CodeForm
from doctapp.accounts.models import Patient
from doctapp.accounts.routes import remember_here, send_code, sign_in_by_code
from doctapp.accounts.routes_joining import may_join
from doctapp.accounts.routes_ways import prove_way
from doctapp.appointments import holding, paying, places, requesting
from doctapp.appointments.forms import PatientForm, PaymentForm, ResendForm
from doctapp.appointments.models import Appointment
from doctapp.appointments.relations import HOLDS
from doctapp.appointments.routes import bare, bp, find, proven_person, related, taken, texted
from doctapp.db import transaction
from doctapp.errors import DomainError, NotFound, SignInNeeded
from doctapp.payments import attempts
from doctapp.payments import jobs as payments
from doctapp.payments.models import Attempt
from doctapp.web import cookies, formkey
from doctapp.web.access import anyone
from doctapp.web.errors import with_wait
from doctapp.web.htmx import see_other, wants_fragment

STEPS = ("patient", "code", "payment")


class Elsewhere(Exception):
    """The visitor of this step belongs on another page; the answer says which."""

    def __init__(self, answer: ResponseReturnValue) -> None:
        super().__init__()
        self.answer = answer


@bp.errorhandler(Elsewhere)
def lead_elsewhere(error: Elsewhere) -> ResponseReturnValue:
    """Answer with the page the visitor belongs on."""
    return error.answer


def held(ref: str, *, posting: bool = False, proving: bool = False) -> Appointment:
    """The hold, or the offer that was taken up, for its holder only: others see number and time, a finished one its ticket, an overdue one 410.

    Who is `proving` the phone may do so again from the hold's own browser.
    """
    row = find(ref)
    if row.status not in HOLDS:
        raise Elsewhere(see_other(url_for("appointments.show", ref=ref)))
    eyes = related(row)
    if not (eyes.holder or (proving and eyes.browser)):
        if not posting:
            still = holding.is_held(row, now=clock.now())
            raise Elsewhere(render_template("appointments/held.html", row=row, held=still))
        raise NotFound if current_user.is_authenticated else SignInNeeded
    if not holding.is_held(row, now=clock.now()) and not posting:
        raise Elsewhere(ran_out(row))
    return row


def ran_out(row: Appointment) -> ResponseReturnValue:
    """410: the answers are kept; the same number again if it is free, else the three nearest.

    409 where the whole sitting was cancelled meanwhile.
    """
    now = clock.now()
    sitting = places.sitting(row.sitting_id)
    if sitting and sitting.cancelled_at is not None:
        return taken(holding.SittingClosed(), sitting_id=row.sitting_id, number=row.number)
    free = [place for place in places.free([sitting], now=now) if place.number == row.number] if sitting else []
    near = free or places.nearest(row.sitting_id, row.number, now=now)
    open_payment = attempts.open_of(row.id)
    page = render_template("appointments/ran_out.html", row=row, same=bool(free), near=near, begun=open_payment)
    return page, 410


def no_time_to_pay(row: Appointment) -> ResponseReturnValue:
    """410: the number is still kept, too short for a payment; a hold may be taken again, or be paid at the chamber."""
    return render_template("appointments/no_time_to_pay.html", row=row, again=row.status == "held"), 410


def strip(row: Appointment) -> dict[str, object]:
    """What every step shows above itself: what is held, for whom, until when, and what was just done."""
    return {
        "row": row,
        "come": places.come_between(row.sitting, row.about_at),
        "extension": bare(),
        "phone": texted(row),
        "ok": request.args.get("ok", ""),
    }


def known_patients(row: Appointment) -> list[Patient]:
    """The signed-in holder's own patients: those on the list, and whoever was said to be the same as typed."""
    if not current_user.is_authenticated:
        return []
    return [p for p in patients.ever_of(current_user.id) if p.hidden_at is None or row.typed_who == str(p.id)]


def patient_form(row: Appointment, *, fresh: bool) -> PatientForm:
    """The form with this holder's people; shown fresh it holds the answers typed before."""
    known = known_patients(row)
    now = clock.now()
    me = next((patient for patient in known if patient.oneself), None)
    relatives = {str(patient.id): patient.name for patient in known if not patient.oneself}
    who = "me" if me and row.typed_who == str(me.id) else row.typed_who
    people_ = {"me": me.name if me else _l("Me"), **relatives, "new": _l("Someone else")}
    form = PatientForm(
        people=people_,
        known={str(p.id) for p in known} | ({"me"} if me else set()),
        asks_phone=proven_person() is None,
        **({"formdata": None} if fresh else {}),
        who=who or ("me" if me or not known else "new"),
        name=row.typed_name,
        age=row.typed_age,
        sex=row.typed_sex,
        phone=row.typed_phone,
        visit=row.visit,
        reason=row.reason,
    )
    form.ages = {str(p.id) if not p.oneself else "me": patients.age(p, now=now) for p in known}
    return form


@bp.get("/appointments/<ref>/patient")
@anyone
def patient(ref: str) -> ResponseReturnValue:
    """Who is it for?"""
    row = held(ref)
    return render_template("appointments/patient.html", form=patient_form(row, fresh=True), **strip(row))


@bp.post("/appointments/<ref>/patient")
@anyone
def update_patient(ref: str) -> ResponseReturnValue:
    """Keep the answers; send a code where the phone is not proven yet."""
    row = held(ref, posting=True)
    form = patient_form(row, fresh=False)
    if not form.validate_on_submit():
        return render_template("appointments/patient.html", form=form, **strip(row)), 422
    answers = _answers(row, form)
    proven = proven_person()
    refusal: DomainError | None = None
    with transaction():
        row = find(ref)
        requesting.answers(row, **answers)
        if proven:
            requesting.claim(row, person_id=proven)
    if not holding.is_held(row, now=clock.now()):
        return ran_out(row)
    if proven:
        return see_other(url_for("appointments.payment", ref=ref))
    try:
        with transaction():
            send_code(_way(form.phone.data))
    except DomainError as error:
        refusal = error
    if refusal:
        form.phone.errors = [str(refusal)]
        page = render_template("appointments/patient.html", form=form, **strip(row))
        return with_wait((page, refusal.status), refusal)
    return see_other(url_for("appointments.code", ref=ref))


def _answers(row: Appointment, form: PatientForm) -> dict[str, Any]:
    """What was typed, or what is known of the relative that was chosen."""
    chosen = patients.chosen(known_patients(row), form.who.data)
    now = clock.now()
    return {
        "who": str(chosen.id) if chosen else form.who.data,
        "name": chosen.name if chosen else form.name.data,
        "age": patients.age(chosen, now=now) if chosen else form.age.data,
        "sex": chosen.sex if chosen else form.sex.data,
        "phone": form.phone.data or row.typed_phone,
        "visit": form.visit.data,
        "reason": form.reason.data,
    }


def _way(typed: str) -> ways.Way:
    """The phone to prove; to somebody who is signed in another person's is refused, unless the two may be joined."""
    way = ways.read(typed)
    if current_user.is_authenticated:
        may_join(current_user.id, way)
    return way


def _code_page(row: Appointment, form: CodeForm, status: int = 200, refusal: str = "") -> ResponseReturnValue:
    resend = ResendForm(formdata=None, phone=row.typed_phone)
    return render_template("appointments/code.html", form=form, resend=resend, refusal=refusal, **strip(row)), status


@bp.get("/appointments/<ref>/code")
@anyone
def code(ref: str) -> ResponseReturnValue:
    """Type the code that was sent to the phone; looking at this page never sends one."""
    row = held(ref)
    if proven_person():
        return redirect(url_for("appointments.payment", ref=ref), 303)
    if not row.typed_phone:
        return redirect(url_for("appointments.patient", ref=ref), 303)
    return _code_page(row, CodeForm(formdata=None))


@bp.post("/appointments/<ref>/code")
@anyone
def prove_code(ref: str) -> ResponseReturnValue:
    """Prove the phone by its code: the holder is signed in, and the hold is theirs."""
    row = held(ref, posting=True, proving=True)
    form = CodeForm()
    if not form.validate_on_submit():
        return _code_page(row, form, 422)
    refusal = _prove(row, form)
    if refusal:
        form.code.errors = [str(refusal)]
        return with_wait(_code_page(find(ref), form, refusal.status), refusal)
    if current_user.is_authenticated and may_join(current_user.id, _way(row.typed_phone)):
        return see_other(url_for("accounts.joining_question", next=url_for("appointments.code", ref=ref)))
    if not holding.is_held(row, now=clock.now()):
        return ran_out(row)
    return see_other(url_for("appointments.payment", ref=ref))


def _prove(row: Appointment, form: CodeForm) -> DomainError | None:
    now, ref, language, own_phone = clock.now(), row.ref, row.language, bool(form.remember.data)
    browser, typed = cookies.browser_hash(), form.code.data or ""
    try:
        way = ways.read(row.typed_phone)
        with transaction():
            refusal = codes.prove(browser_hash=browser, address=way.value, typed=typed, now=now)
            if refusal:
                return refusal
            if current_user.is_authenticated:
                person_id = int(current_user.id)
                if prove_way(person_id, way) and own_phone:
                    remember_here(person_id, way.value)
            else:
                person_id = sign_in_by_code(way, language=language, own_phone=own_phone)
            requesting.claim(find(ref), person_id=person_id)
    except DomainError as error:
        return error
    return None


@bp.post("/appointments/<ref>/codes")
@anyone
def create_code(ref: str) -> ResponseReturnValue:
    """Send another code, to the same phone or a corrected one."""
    row = held(ref, posting=True)
    form = ResendForm()
    if not form.validate_on_submit():
        return _resend_refused(row, form, 422)
    try:
        with transaction():
            row = find(ref)
            row.typed_phone = form.phone.data
            if not send_code(_way(form.phone.data)):
                raise codes.TooSoon
    except DomainError as error:
        form.phone.errors = [str(error)]
        return with_wait(_resend_refused(find(ref), form, error.status), error)
    return see_other(url_for("appointments.code", ref=ref, ok="sent"))


def _resend_refused(row: Appointment, form: ResendForm, status: int) -> ResponseReturnValue:
    page = render_template(
        "appointments/code.html", form=CodeForm(formdata=None), resend=form, refusal="", **strip(row)
    )
    return page, status


@bp.get("/appointments/<ref>/payment")
@anyone
def payment(ref: str) -> ResponseReturnValue:
    """Check everything once more, with the fee that is granted, then ask the doctor."""
    row = held(ref)
    if not row.typed_name:
        return redirect(url_for("appointments.patient", ref=ref), 303)
    if row.person_id is None or row.person_id != proven_person():
        return redirect(url_for("appointments.code", ref=ref), 303)
    if requesting.like_named(row, now=clock.now()):
        return redirect(url_for("appointments.person", ref=ref), 303)
    form = PaymentForm(formdata=None, method="chamber", amount="whole", form_key=formkey.draw())
    form.offer(row.sitting.chamber)
    return _payment_page(row, form)


def _payment_page(row: Appointment, form: PaymentForm, status: int = 200) -> ResponseReturnValue:
    now = clock.now()
    chamber, fee = row.sitting.chamber, requesting.granted(row, requesting.likely_patient(row, now=now))
    form.fee_seen.data = fee.price
    return render_template(
        "appointments/payment.html",
        form=form,
        fee=fee,
        answer_by=requesting.answer_by(row.about_at, now=now),
        cut_off=row.about_at - timedelta(minutes=chamber.cut_off_minutes),
        whole_until=row.about_at - timedelta(minutes=chamber.refund_minutes),
        parts=paying.parts(chamber, fee.price),
        begun=attempts.open_of(row.id),
        now=now,
        **strip(row),
    ), status


@bp.post("/appointments/<ref>/payment")
@anyone
def create_request(ref: str) -> ResponseReturnValue:
    """Request the held number; the same form twice has one effect."""
    form = PaymentForm()
    led_to = url_for("appointments.show", ref=ref, ok="requested")
    row = find(ref)
    if row.status not in HOLDS and related(row).patient:
        return see_other(led_to)
    row = held(ref, posting=True)
    form.offer(row.sitting.chamber)
    if not form.validate_on_submit():
        form.form_key.data = formkey.draw()
        return _payment_page(row, form, 422)
    if row.person_id is None or row.person_id != proven_person():
        return see_other(url_for("appointments.code", ref=ref))
    attempt_id = None
    try:
        with transaction():
            if form.method.data != "chamber":
                attempt = _attempt(find(ref), form)
                attempt_id, led_to = attempt.id, url_for("payments.show", token=attempt.token)
            formkey.spend(bearer=cookies.bearer(), key=form.form_key.data or "", led_to=led_to, now=clock.now())
            if attempt_id is None:
                requesting.request(find(ref), method="chamber", fee_seen=form.fee_seen.data, now=clock.now())
    except paying.NoTimeToPay:
        return no_time_to_pay(find(ref))
    except (holding.HoldRanOut, holding.SittingClosed):
        return ran_out(find(ref))
    except requesting.AlreadyRequested:
        return see_other(led_to)
    except requesting.SamePerson:
        return see_other(url_for("appointments.person", ref=ref))
    except DomainError as refusal:
        form.form_errors.append(str(refusal))
        form.form_key.data = formkey.draw()
        return _payment_page(find(ref), form, refusal.status)
    if attempt_id is not None:
        payments.start(attempt_id, clock.now())
    return see_other(led_to)


def _attempt(row: Appointment, form: PaymentForm) -> Attempt:
    """The payment that begins by this form."""
    return paying.begin(
        row,
        provider=form.method.data,
        part=form.amount.data,
        fee_seen=form.fee_seen.data,
        now=clock.now(),
    )


@bp.post("/appointments/<ref>/extension")
@anyone
def extension(ref: str) -> ResponseReturnValue:
    """Ten minutes more, once."""
    row = held(ref, posting=True)
    try:
        with transaction():
            row = find(ref)
            holding.extend(row, now=clock.now())
    except holding.HoldRanOut:
        return see_other(url_for("appointments.patient", ref=ref)) if wants_fragment() else ran_out(row)
    if wants_fragment():
        return render_template("appointments/_strip.html", asked=True, **strip(row))
    step = request.form.get("step")
    return redirect(url_for(f"appointments.{step if step in STEPS else 'patient'}", ref=ref, ok="extended"), 303)
