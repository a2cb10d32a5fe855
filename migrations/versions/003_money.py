"""Money: attempts to pay, gateways' events, refunds and receipts; the waiting list, reminders, authenticator apps."""

import sqlalchemy as sa
from alembic import op

revision = '003'
down_revision = '002'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('authenticator',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('person_id', sa.Integer(), nullable=False),
    sa.Column('secret', sa.String(length=200), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('proven_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('last_step', sa.Integer(), nullable=False),
    sa.ForeignKeyConstraint(['person_id'], ['person.id'], name=op.f('fk_authenticator_person_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_authenticator')),
    sa.UniqueConstraint('person_id', name=op.f('uq_authenticator_person_id'))
    )
    op.create_table('receipt_counter',
    sa.Column('clinic_id', sa.Integer(), autoincrement=False, nullable=False),
    sa.Column('last', sa.Integer(), nullable=False),
    sa.ForeignKeyConstraint(['clinic_id'], ['clinic.id'], name=op.f('fk_receipt_counter_clinic_id')),
    sa.PrimaryKeyConstraint('clinic_id', name=op.f('pk_receipt_counter'))
    )
    op.create_table('waiting',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('token_hash', sa.String(length=64), nullable=False),
    sa.Column('sitting_id', sa.Integer(), nullable=False),
    sa.Column('phone', sa.String(length=20), nullable=False),
    sa.Column('shown', sa.String(length=40), nullable=False),
    sa.Column('person_id', sa.Integer(), nullable=True),
    sa.Column('language', sa.String(length=2), nullable=False),
    sa.Column('state', sa.String(length=8), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('offer_id', sa.Integer(), nullable=True),
    sa.Column('offered_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('ended_at', sa.DateTime(timezone=True), nullable=True),
    sa.CheckConstraint("state IN ('waiting', 'offered', 'taken', 'passed', 'left')", name=op.f('ck_waiting_state')),
    sa.ForeignKeyConstraint(['person_id'], ['person.id'], name=op.f('fk_waiting_person_id')),
    sa.ForeignKeyConstraint(['sitting_id'], ['sitting.id'], name=op.f('fk_waiting_sitting_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_waiting')),
    sa.UniqueConstraint('token_hash', name=op.f('uq_waiting_token_hash'))
    )
    with op.batch_alter_table('waiting', schema=None) as batch_op:
        batch_op.create_index('ix_waiting_sitting', ['sitting_id', 'id'], unique=False, sqlite_where=sa.text("state IN ('waiting', 'offered')"), postgresql_where=sa.text("state IN ('waiting', 'offered')"))
        batch_op.create_index('uq_waiting_phone', ['sitting_id', 'phone'], unique=True, sqlite_where=sa.text("state IN ('waiting', 'offered')"), postgresql_where=sa.text("state IN ('waiting', 'offered')"))

    op.create_table('payment_attempt',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('token', sa.String(length=32), nullable=False),
    sa.Column('appointment_id', sa.Integer(), nullable=False),
    sa.Column('provider', sa.String(length=12), nullable=False),
    sa.Column('part', sa.String(length=8), nullable=False),
    sa.Column('visit', sa.String(length=10), nullable=False),
    sa.Column('price', sa.Integer(), nullable=False),
    sa.Column('amount', sa.Integer(), nullable=False),
    sa.Column('currency', sa.String(length=3), nullable=False),
    sa.Column('state', sa.String(length=10), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('session', sa.String(length=255), nullable=False),
    sa.Column('url', sa.String(length=2000), nullable=False),
    sa.Column('payment', sa.String(length=255), nullable=False),
    sa.Column('captured_amount', sa.Integer(), nullable=True),
    sa.Column('captured_currency', sa.String(length=3), nullable=False),
    sa.Column('captured_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('flag', sa.String(length=10), nullable=False),
    sa.Column('decided_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('decided_by_id', sa.Integer(), nullable=True),
    sa.Column('next_query_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('queries', sa.Integer(), nullable=False),
    sa.Column('lease_until', sa.DateTime(timezone=True), nullable=True),
    sa.Column('fault', sa.String(length=300), nullable=False),
    sa.Column('ended_at', sa.DateTime(timezone=True), nullable=True),
    sa.CheckConstraint("flag IN ('', 'risk', 'amount', 'currency')", name=op.f('ck_payment_attempt_flag')),
    sa.CheckConstraint("part IN ('advance', 'whole')", name=op.f('ck_payment_attempt_part')),
    sa.CheckConstraint("provider IN ('stripe', 'sslcommerz', 'sandbox')", name=op.f('ck_payment_attempt_provider')),
    sa.CheckConstraint("state <> 'captured' OR coalesce(captured_amount, 0) > 0", name=op.f('ck_payment_attempt_captured')),
    sa.CheckConstraint("state IN ('started', 'captured', 'failed', 'expired')", name=op.f('ck_payment_attempt_state')),
    sa.CheckConstraint('amount > 0 AND amount <= price', name=op.f('ck_payment_attempt_amount')),
    sa.ForeignKeyConstraint(['appointment_id'], ['appointment.id'], name=op.f('fk_payment_attempt_appointment_id')),
    sa.ForeignKeyConstraint(['decided_by_id'], ['person.id'], name=op.f('fk_payment_attempt_decided_by_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_payment_attempt')),
    sa.UniqueConstraint('token', name=op.f('uq_payment_attempt_token'))
    )
    with op.batch_alter_table('payment_attempt', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_payment_attempt_appointment_id'), ['appointment_id'], unique=False)
        batch_op.create_index('ix_payment_attempt_asked', ['next_query_at'], unique=False, sqlite_where=sa.text('next_query_at IS NOT NULL'), postgresql_where=sa.text('next_query_at IS NOT NULL'))
        batch_op.create_index('ix_payment_attempt_flagged', ['captured_at'], unique=False, sqlite_where=sa.text("flag <> '' AND decided_at IS NULL"), postgresql_where=sa.text("flag <> '' AND decided_at IS NULL"))

    op.create_table('difference',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('attempt_id', sa.Integer(), nullable=False),
    sa.Column('kind', sa.String(length=14), nullable=False),
    sa.Column('ours', sa.String(length=60), nullable=False),
    sa.Column('theirs', sa.String(length=60), nullable=False),
    sa.Column('found_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('settled_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('settled_by_id', sa.Integer(), nullable=True),
    sa.CheckConstraint("kind IN ('missing_there', 'missing_here', 'amount', 'currency', 'refund')", name=op.f('ck_difference_kind')),
    sa.ForeignKeyConstraint(['attempt_id'], ['payment_attempt.id'], name=op.f('fk_difference_attempt_id')),
    sa.ForeignKeyConstraint(['settled_by_id'], ['person.id'], name=op.f('fk_difference_settled_by_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_difference')),
    sa.UniqueConstraint('attempt_id', 'kind', name=op.f('uq_difference_attempt_id_kind'))
    )
    op.create_table('gateway_event',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('provider', sa.String(length=12), nullable=False),
    sa.Column('event', sa.String(length=255), nullable=False),
    sa.Column('attempt_id', sa.Integer(), nullable=False),
    sa.Column('state', sa.String(length=10), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['attempt_id'], ['payment_attempt.id'], name=op.f('fk_gateway_event_attempt_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_gateway_event')),
    sa.UniqueConstraint('provider', 'event', name=op.f('uq_gateway_event_provider_event'))
    )
    with op.batch_alter_table('gateway_event', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_gateway_event_attempt_id'), ['attempt_id'], unique=False)

    op.create_table('receipt',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('attempt_id', sa.Integer(), nullable=False),
    sa.Column('clinic_id', sa.Integer(), nullable=False),
    sa.Column('number', sa.Integer(), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['attempt_id'], ['payment_attempt.id'], name=op.f('fk_receipt_attempt_id')),
    sa.ForeignKeyConstraint(['clinic_id'], ['clinic.id'], name=op.f('fk_receipt_clinic_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_receipt')),
    sa.UniqueConstraint('attempt_id', name=op.f('uq_receipt_attempt_id')),
    sa.UniqueConstraint('clinic_id', 'number', name=op.f('uq_receipt_clinic_id_number'))
    )
    op.create_table('refund',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('token', sa.String(length=32), nullable=False),
    sa.Column('attempt_id', sa.Integer(), nullable=False),
    sa.Column('appointment_id', sa.Integer(), nullable=False),
    sa.Column('cause', sa.String(length=60), nullable=False),
    sa.Column('amount', sa.Integer(), nullable=False),
    sa.Column('currency', sa.String(length=3), nullable=False),
    sa.Column('state', sa.String(length=14), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('not_before', sa.DateTime(timezone=True), nullable=False),
    sa.Column('next_try_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('tries', sa.Integer(), nullable=False),
    sa.Column('asked', sa.Boolean(), nullable=False),
    sa.Column('lease_until', sa.DateTime(timezone=True), nullable=True),
    sa.Column('gateway_ref', sa.String(length=255), nullable=False),
    sa.Column('fault', sa.String(length=300), nullable=False),
    sa.Column('by_id', sa.Integer(), nullable=True),
    sa.Column('ended_at', sa.DateTime(timezone=True), nullable=True),
    sa.CheckConstraint("state IN ('refund_due', 'withdrawn', 'refunding', 'refunded', 'refund_failed')", name=op.f('ck_refund_state')),
    sa.CheckConstraint('amount > 0', name=op.f('ck_refund_amount')),
    sa.ForeignKeyConstraint(['appointment_id'], ['appointment.id'], name=op.f('fk_refund_appointment_id')),
    sa.ForeignKeyConstraint(['attempt_id'], ['payment_attempt.id'], name=op.f('fk_refund_attempt_id')),
    sa.ForeignKeyConstraint(['by_id'], ['person.id'], name=op.f('fk_refund_by_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_refund')),
    sa.UniqueConstraint('attempt_id', 'cause', name=op.f('uq_refund_attempt_id_cause')),
    sa.UniqueConstraint('token', name=op.f('uq_refund_token'))
    )
    with op.batch_alter_table('refund', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_refund_appointment_id'), ['appointment_id'], unique=False)
        batch_op.create_index('ix_refund_open', ['next_try_at'], unique=False, sqlite_where=sa.text("state IN ('refund_due', 'refunding')"), postgresql_where=sa.text("state IN ('refund_due', 'refunding')"))

    with op.batch_alter_table('appointment', schema=None) as batch_op:
        batch_op.add_column(sa.Column('refund_minutes', sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column('refund_percent', sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column('paid', sa.Integer(), nullable=False, server_default='0'))
        batch_op.add_column(sa.Column('waiting_id', sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column('reminded_day_at', sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column('reminded_near_at', sa.DateTime(timezone=True), nullable=True))
        batch_op.create_index('ix_appointment_booked', ['about_at'], unique=False, sqlite_where=sa.text("status = 'booked'"), postgresql_where=sa.text("status = 'booked'"))
        batch_op.create_index('ix_appointment_offered', ['held_until'], unique=False, sqlite_where=sa.text("status = 'offered'"), postgresql_where=sa.text("status = 'offered'"))
        batch_op.create_foreign_key(batch_op.f('fk_appointment_waiting_id'), 'waiting', ['waiting_id'], ['id'])

    with op.batch_alter_table('chamber', schema=None) as batch_op:
        batch_op.add_column(sa.Column('methods', sa.String(length=60), nullable=False, server_default='chamber'))
        batch_op.add_column(sa.Column('online_part', sa.String(length=8), nullable=False, server_default='whole'))
        batch_op.add_column(sa.Column('advance', sa.Integer(), nullable=False, server_default='0'))
        batch_op.add_column(sa.Column('refund_minutes', sa.Integer(), nullable=False, server_default='1440'))
        batch_op.add_column(sa.Column('refund_percent', sa.Integer(), nullable=False, server_default='50'))
        batch_op.create_check_constraint('online_part', "online_part IN ('advance', 'whole', 'either')")
        batch_op.create_check_constraint('advance', 'advance >= 0')
        batch_op.create_check_constraint('refund_percent', 'refund_percent BETWEEN 0 AND 100')

    with op.batch_alter_table('clinic', schema=None) as batch_op:
        batch_op.add_column(sa.Column('reminds_day_before', sa.Boolean(), nullable=False, server_default=sa.true()))
        batch_op.add_column(sa.Column('reminds_same_day', sa.Boolean(), nullable=False, server_default=sa.true()))

    with op.batch_alter_table('session', schema=None) as batch_op:
        batch_op.add_column(sa.Column('second_factor_at', sa.DateTime(timezone=True), nullable=True))



def downgrade() -> None:
    with op.batch_alter_table('session', schema=None) as batch_op:
        batch_op.drop_column('second_factor_at')

    with op.batch_alter_table('clinic', schema=None) as batch_op:
        batch_op.drop_column('reminds_same_day')
        batch_op.drop_column('reminds_day_before')

    with op.batch_alter_table('chamber', schema=None) as batch_op:
        for name in ('online_part', 'advance', 'refund_percent'):
            batch_op.drop_constraint(batch_op.f(f'ck_chamber_{name}'), type_='check')
        batch_op.drop_column('refund_percent')
        batch_op.drop_column('refund_minutes')
        batch_op.drop_column('advance')
        batch_op.drop_column('online_part')
        batch_op.drop_column('methods')

    with op.batch_alter_table('appointment', schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f('fk_appointment_waiting_id'), type_='foreignkey')
        batch_op.drop_index('ix_appointment_offered', sqlite_where=sa.text("status = 'offered'"), postgresql_where=sa.text("status = 'offered'"))
        batch_op.drop_index('ix_appointment_booked', sqlite_where=sa.text("status = 'booked'"), postgresql_where=sa.text("status = 'booked'"))
        batch_op.drop_column('reminded_near_at')
        batch_op.drop_column('reminded_day_at')
        batch_op.drop_column('waiting_id')
        batch_op.drop_column('paid')
        batch_op.drop_column('refund_percent')
        batch_op.drop_column('refund_minutes')

    with op.batch_alter_table('refund', schema=None) as batch_op:
        batch_op.drop_index('ix_refund_open', sqlite_where=sa.text("state IN ('refund_due', 'refunding')"), postgresql_where=sa.text("state IN ('refund_due', 'refunding')"))
        batch_op.drop_index(batch_op.f('ix_refund_appointment_id'))

    op.drop_table('refund')
    op.drop_table('receipt')
    with op.batch_alter_table('gateway_event', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_gateway_event_attempt_id'))

    op.drop_table('gateway_event')
    op.drop_table('difference')
    with op.batch_alter_table('payment_attempt', schema=None) as batch_op:
        batch_op.drop_index('ix_payment_attempt_flagged', sqlite_where=sa.text("flag <> '' AND decided_at IS NULL"), postgresql_where=sa.text("flag <> '' AND decided_at IS NULL"))
        batch_op.drop_index('ix_payment_attempt_asked', sqlite_where=sa.text('next_query_at IS NOT NULL'), postgresql_where=sa.text('next_query_at IS NOT NULL'))
        batch_op.drop_index(batch_op.f('ix_payment_attempt_appointment_id'))

    op.drop_table('payment_attempt')
    with op.batch_alter_table('waiting', schema=None) as batch_op:
        batch_op.drop_index('uq_waiting_phone', sqlite_where=sa.text("state IN ('waiting', 'offered')"), postgresql_where=sa.text("state IN ('waiting', 'offered')"))
        batch_op.drop_index('ix_waiting_sitting', sqlite_where=sa.text("state IN ('waiting', 'offered')"), postgresql_where=sa.text("state IN ('waiting', 'offered')"))

    op.drop_table('waiting')
    op.drop_table('receipt_counter')
    op.drop_table('authenticator')
