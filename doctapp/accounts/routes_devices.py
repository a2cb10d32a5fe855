"""The doors of one's devices: where one is signed in, and signing out there."""

from __future__ import annotations

from flask import render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from doctapp import clock
from doctapp.accounts import devices, sessions
from doctapp.accounts.forms import BareForm
from doctapp.accounts.routes import bp, leave
from doctapp.audit.recording import record
from doctapp.db import transaction
from doctapp.web.access import signed_in
from doctapp.web.htmx import see_other


@bp.get("/account/devices")
@signed_in
def account_devices() -> ResponseReturnValue:
    """The browsers that remember me, and how many more are signed in."""
    now, person_id = clock.now(), current_user.id
    roles = sessions.roles(admin=current_user.has_office, staff=current_user.is_staff, doctor=current_user.is_doctor)
    return render_template(
        "accounts/devices.html",
        devices=devices.of_person(person_id, now=now),
        others=sessions.open_elsewhere(person_id, but=current_user.session_id, roles=roles, now=now),
        remembers=devices.kept_for(roles) is not None,
        form=BareForm(formdata=None),
        now=now,
        ok=request.args.get("ok", ""),
    )


@bp.post("/account/devices/<int:device_id>/revocation")
@signed_in
def revoke_device(device_id: int) -> ResponseReturnValue:
    """Sign a device out; this very one like by signing out."""
    with transaction():
        devices.revoke(device_id, person_id=current_user.id, now=clock.now())
    if device_id == current_user.device_id:
        leave()
        return see_other(url_for("pages.home"))
    return see_other(url_for("accounts.account_devices", ok="revoked"))


@bp.post("/account/devices/revocation")
@signed_in
def revoke_elsewhere() -> ResponseReturnValue:
    """Sign out everywhere but here."""
    now, session_id = clock.now(), current_user.session_id
    with transaction():
        sessions.end_all(current_user.id, now=now, why="revoked", but=session_id)
        record("end_sessions", kind="person", row_id=current_user.id, person_id=current_user.id, now=now)
    return see_other(url_for("accounts.account_devices", ok="elsewhere"))
