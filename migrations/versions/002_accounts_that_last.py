"""Accounts that last and hours that change: devices, links, the audit, moves, leave for a part of the day."""

import sqlalchemy as sa
from alembic import op

revision = '002'
down_revision = '001'
branch_labels = None
depends_on = None

CANCELLED = sa.text('cancelled_at IS NOT NULL')
LATE = sa.text('late_minutes <> late_told_minutes')
GUARDED = ('audit_entry', 'audit_seal')
REFUSE_ON_SQLITE = """CREATE TRIGGER {table}_no_{verb} BEFORE {verb} ON {table}
    BEGIN SELECT RAISE(ABORT, '{table} is only ever added to'); END"""
REFUSE_REPLACING = """CREATE TRIGGER {table}_no_replace BEFORE INSERT ON {table}
    WHEN EXISTS (SELECT 1 FROM {table} WHERE {same})
    BEGIN SELECT RAISE(ABORT, '{table} is only ever added to'); END"""
SAME = {'audit_entry': 'id = NEW.id', 'audit_seal': 'id = NEW.id OR minute = NEW.minute'}
REFUSAL = """CREATE FUNCTION audit_is_append_only() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN RAISE EXCEPTION '% is only ever added to', TG_TABLE_NAME; END $$"""
REFUSE = """CREATE TRIGGER {table}_no_{verb} BEFORE {verb} ON {table}
    FOR EACH STATEMENT EXECUTE FUNCTION audit_is_append_only()"""


def guard_audit() -> None:
    """Let both databases refuse to change or to delete what the audit says; on SQLite also by INSERT OR REPLACE."""
    if op.get_bind().dialect.name == 'sqlite':
        for table in GUARDED:
            op.execute(REFUSE_REPLACING.format(table=table, same=SAME[table]))
            for verb in ('update', 'delete'):
                op.execute(REFUSE_ON_SQLITE.format(table=table, verb=verb))
        return
    op.execute(REFUSAL)
    for table in GUARDED:
        for verb in ('update', 'delete', 'truncate'):
            op.execute(REFUSE.format(table=table, verb=verb))


def upgrade() -> None:
    op.create_table('audit_entry',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('act', sa.String(length=30), nullable=False),
    sa.Column('person_id', sa.Integer(), nullable=True),
    sa.Column('side', sa.String(length=8), nullable=False),
    sa.Column('clinic_id', sa.Integer(), nullable=True),
    sa.Column('kind', sa.String(length=20), nullable=False),
    sa.Column('row_id', sa.Integer(), nullable=False),
    sa.Column('patient_id', sa.Integer(), nullable=True),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_audit_entry'))
    )
    with op.batch_alter_table('audit_entry', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_audit_entry_at'), ['at'], unique=False)
        batch_op.create_index('ix_audit_entry_patient_at', ['patient_id', 'at'], unique=False)
        batch_op.create_index('ix_audit_entry_row', ['kind', 'row_id'], unique=False)

    op.create_table('audit_seal',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('minute', sa.DateTime(timezone=True), nullable=False),
    sa.Column('entries', sa.Integer(), nullable=False),
    sa.Column('before', sa.String(length=64), nullable=False),
    sa.Column('hash', sa.String(length=64), nullable=False),
    sa.Column('sealed_at', sa.DateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_audit_seal')),
    sa.UniqueConstraint('minute', name=op.f('uq_audit_seal_minute'))
    )
    guard_audit()
    op.create_table('registration',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('token_hash', sa.String(length=64), nullable=False),
    sa.Column('browser_hash', sa.String(length=64), nullable=False),
    sa.Column('email', sa.String(length=254), nullable=False),
    sa.Column('shown', sa.String(length=254), nullable=False),
    sa.Column('name', sa.String(length=120), nullable=False),
    sa.Column('phone', sa.String(length=40), nullable=False),
    sa.Column('password_hash', sa.String(length=200), nullable=False),
    sa.Column('language', sa.String(length=2), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('expires_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('used_at', sa.DateTime(timezone=True), nullable=True),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_registration')),
    sa.UniqueConstraint('token_hash', name=op.f('uq_registration_token_hash'))
    )
    with op.batch_alter_table('registration', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_registration_email'), ['email'], unique=False)

    op.create_table('device',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('person_id', sa.Integer(), nullable=False),
    sa.Column('way_in_id', sa.Integer(), nullable=True),
    sa.Column('selector_hash', sa.String(length=64), nullable=False),
    sa.Column('token_hash', sa.String(length=64), nullable=False),
    sa.Column('next_hash', sa.String(length=64), nullable=True),
    sa.Column('name', sa.String(length=80), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('last_used_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('expires_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('ended_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('ended_why', sa.String(length=20), nullable=False),
    sa.ForeignKeyConstraint(['person_id'], ['person.id'], name=op.f('fk_device_person_id')),
    sa.ForeignKeyConstraint(['way_in_id'], ['way_in.id'], name=op.f('fk_device_way_in_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_device')),
    sa.UniqueConstraint('selector_hash', name=op.f('uq_device_selector_hash'))
    )
    with op.batch_alter_table('device', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_device_person_id'), ['person_id'], unique=False)

    op.create_table('password_reset',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('person_id', sa.Integer(), nullable=False),
    sa.Column('way_in_id', sa.Integer(), nullable=False),
    sa.Column('token_hash', sa.String(length=64), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('expires_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('used_at', sa.DateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['person_id'], ['person.id'], name=op.f('fk_password_reset_person_id')),
    sa.ForeignKeyConstraint(['way_in_id'], ['way_in.id'], name=op.f('fk_password_reset_way_in_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_password_reset')),
    sa.UniqueConstraint('token_hash', name=op.f('uq_password_reset_token_hash'))
    )
    with op.batch_alter_table('password_reset', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_password_reset_person_id'), ['person_id'], unique=False)

    op.create_table('ticket_look',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('browser_hash', sa.String(length=64), nullable=False),
    sa.Column('appointment_id', sa.Integer(), nullable=False),
    sa.Column('until', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['appointment_id'], ['appointment.id'], name=op.f('fk_ticket_look_appointment_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_ticket_look')),
    sa.UniqueConstraint('browser_hash', 'appointment_id', name=op.f('uq_ticket_look_browser_hash_appointment_id'))
    )
    with op.batch_alter_table('appointment', schema=None) as batch_op:
        batch_op.add_column(sa.Column('patient_moves', sa.Integer(), nullable=False, server_default='0'))
        batch_op.add_column(sa.Column('another_person', sa.Boolean(), nullable=False, server_default=sa.false()))

    with op.batch_alter_table('chamber', schema=None) as batch_op:
        batch_op.add_column(sa.Column('languages', sa.String(length=40), nullable=False, server_default=''))

    with op.batch_alter_table('event', schema=None) as batch_op:
        batch_op.add_column(sa.Column('was_sitting_id', sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column('was_number', sa.Integer(), nullable=True))
        batch_op.create_index(batch_op.f('ix_event_was_sitting_id'), ['was_sitting_id'], unique=False)
        batch_op.create_foreign_key(batch_op.f('fk_event_was_sitting_id'), 'sitting', ['was_sitting_id'], ['id'])

    with op.batch_alter_table('leave', schema=None) as batch_op:
        batch_op.add_column(sa.Column('start', sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column('until', sa.Integer(), nullable=True))

    with op.batch_alter_table('patient', schema=None) as batch_op:
        batch_op.add_column(sa.Column('hidden_at', sa.DateTime(timezone=True), nullable=True))
        batch_op.create_index(batch_op.f('ix_patient_phone'), ['phone'], unique=False)

    with op.batch_alter_table('person', schema=None) as batch_op:
        batch_op.add_column(sa.Column('address', sa.String(length=200), nullable=False, server_default=''))
        batch_op.add_column(sa.Column('suspended_at', sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column('joined_into_id', sa.Integer(), nullable=True))
        batch_op.create_foreign_key(batch_op.f('fk_person_joined_into_id'), 'person', ['joined_into_id'], ['id'])

    with op.batch_alter_table('session', schema=None) as batch_op:
        batch_op.add_column(sa.Column('authenticated_at', sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column('bookings_only', sa.Boolean(), nullable=False, server_default=sa.false()))
        batch_op.add_column(sa.Column('device_id', sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column('ended_why', sa.String(length=20), nullable=False, server_default=''))
        batch_op.create_index(batch_op.f('ix_session_device_id'), ['device_id'], unique=False)
        batch_op.create_foreign_key(batch_op.f('fk_session_device_id'), 'device', ['device_id'], ['id'])

    with op.batch_alter_table('sitting', schema=None, table_kwargs={'sqlite_autoincrement': True}) as batch_op:
        batch_op.add_column(sa.Column('hours_id', sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column('leave_id', sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column('extra', sa.Boolean(), nullable=False, server_default=sa.false()))
        batch_op.add_column(sa.Column('late_minutes', sa.Integer(), nullable=False, server_default='0'))
        batch_op.add_column(sa.Column('late_changes', sa.Integer(), nullable=False, server_default='0'))
        batch_op.add_column(sa.Column('late_told_minutes', sa.Integer(), nullable=False, server_default='0'))
        batch_op.add_column(sa.Column('started_at', sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column('cancelled_why', sa.String(length=200), nullable=False, server_default=''))
        batch_op.add_column(sa.Column('cancelled_by_id', sa.Integer(), nullable=True))
        batch_op.create_foreign_key(batch_op.f('fk_sitting_cancelled_by_id'), 'person', ['cancelled_by_id'], ['id'])
        batch_op.create_index('ix_sitting_cancelled', ['ends_at'], unique=False, sqlite_where=CANCELLED, postgresql_where=CANCELLED)
        batch_op.create_index('ix_sitting_late', ['ends_at'], unique=False, sqlite_where=LATE, postgresql_where=LATE)
        batch_op.create_index(batch_op.f('ix_sitting_hours_id'), ['hours_id'], unique=False)
        batch_op.create_foreign_key(batch_op.f('fk_sitting_hours_id'), 'weekly_hours', ['hours_id'], ['id'])
        batch_op.create_index(batch_op.f('ix_sitting_leave_id'), ['leave_id'], unique=False)
        batch_op.create_foreign_key(batch_op.f('fk_sitting_leave_id'), 'leave', ['leave_id'], ['id'])

    with op.batch_alter_table('way_in', schema=None) as batch_op:
        batch_op.add_column(sa.Column('last_proven_at', sa.DateTime(timezone=True), nullable=True))



def downgrade() -> None:
    with op.batch_alter_table('way_in', schema=None) as batch_op:
        batch_op.drop_column('last_proven_at')

    with op.batch_alter_table('sitting', schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f('fk_sitting_leave_id'), type_='foreignkey')
        batch_op.drop_index(batch_op.f('ix_sitting_leave_id'))
        batch_op.drop_column('leave_id')
        batch_op.drop_constraint(batch_op.f('fk_sitting_hours_id'), type_='foreignkey')
        batch_op.drop_index(batch_op.f('ix_sitting_hours_id'))
        batch_op.drop_index('ix_sitting_late')
        batch_op.drop_index('ix_sitting_cancelled')
        batch_op.drop_constraint(batch_op.f('fk_sitting_cancelled_by_id'), type_='foreignkey')
        batch_op.drop_column('cancelled_by_id')
        batch_op.drop_column('cancelled_why')
        batch_op.drop_column('started_at')
        batch_op.drop_column('late_told_minutes')
        batch_op.drop_column('late_changes')
        batch_op.drop_column('late_minutes')
        batch_op.drop_column('extra')
        batch_op.drop_column('hours_id')

    with op.batch_alter_table('session', schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f('fk_session_device_id'), type_='foreignkey')
        batch_op.drop_index(batch_op.f('ix_session_device_id'))
        batch_op.drop_column('ended_why')
        batch_op.drop_column('device_id')
        batch_op.drop_column('bookings_only')
        batch_op.drop_column('authenticated_at')

    with op.batch_alter_table('person', schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f('fk_person_joined_into_id'), type_='foreignkey')
        batch_op.drop_column('joined_into_id')
        batch_op.drop_column('suspended_at')
        batch_op.drop_column('address')

    with op.batch_alter_table('patient', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_patient_phone'))
        batch_op.drop_column('hidden_at')

    with op.batch_alter_table('leave', schema=None) as batch_op:
        batch_op.drop_column('until')
        batch_op.drop_column('start')

    with op.batch_alter_table('event', schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f('fk_event_was_sitting_id'), type_='foreignkey')
        batch_op.drop_index(batch_op.f('ix_event_was_sitting_id'))
        batch_op.drop_column('was_number')
        batch_op.drop_column('was_sitting_id')

    with op.batch_alter_table('chamber', schema=None) as batch_op:
        batch_op.drop_column('languages')

    with op.batch_alter_table('appointment', schema=None) as batch_op:
        batch_op.drop_column('another_person')
        batch_op.drop_column('patient_moves')

    op.drop_table('ticket_look')
    with op.batch_alter_table('password_reset', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_password_reset_person_id'))

    op.drop_table('password_reset')
    with op.batch_alter_table('device', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_device_person_id'))

    op.drop_table('device')
    with op.batch_alter_table('registration', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_registration_email'))

    op.drop_table('registration')
    op.drop_table('audit_seal')
    with op.batch_alter_table('audit_entry', schema=None) as batch_op:
        batch_op.drop_index('ix_audit_entry_row')
        batch_op.drop_index('ix_audit_entry_patient_at')
        batch_op.drop_index(batch_op.f('ix_audit_entry_at'))

    op.drop_table('audit_entry')
    if op.get_bind().dialect.name == 'postgresql':
        op.execute('DROP FUNCTION audit_is_append_only()')
