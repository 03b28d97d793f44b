"""Who reserves what was deferred: one writer per warehouse, its job, and the watchdog behind it."""

import logging
import random
import time
import traceback
from datetime import timedelta
from decimal import Decimal

import psycopg2

from odoo import SUPERUSER_ID, api, fields, models
from odoo.exceptions import LockError
from odoo.service.model import PG_CONCURRENCY_ERRORS_TO_RETRY

from odoo.addons.retail_integration_base.engine import backoff
from odoo.addons.retail_integration_base.engine.errors import RetailError
from odoo.addons.retail_integration_base.engine.fingerprint import text_cause_key
from odoo.addons.retail_integration_base.engine.text import clean_text
from odoo.addons.retail_integration_base.models.retail_drain import own_cursor
from odoo.addons.retail_integration_base.models.retail_exception import evidence_text

from ..engine import reservation_sql
from .order_batch import CONTEXT_KEY as ORDER_BATCH
from .order_batch import OrderBatch

_logger = logging.getLogger(__name__)

BATCH_SIZE = 50
JOB_SECONDS = 20
CRON_SECONDS = 40
#: A mark that nobody took for this long is the watchdog's.
OVERDUE_SECONDS = 2
#: A picking whose worker died this often is kept apart.
MAX_DEATHS = 3
_MAX_CONFLICTS = 5
_LOOK_SECONDS = 0.25
_REASON_CHARACTERS = 500
#: Before other jobs that wait: a batch is a second or two, and people look at these orders already.
_JOB_PRIORITY = 5


class ReservationConflict(RetailError):
    """Somebody else changed the same records, again and again."""


class WorkerKilled(RetailError):
    """Each attempt ended with the death of the worker process."""


class RetailReservationWriter(models.AbstractModel):
    _name = "retail.reservation.writer"
    _description = "Retail reservation writer"

    # ---------------------------------------------------------------- waking and resting

    def _enqueue(self, warehouse_id, delay=None):
        """Order a job for a warehouse, now or after ``delay`` (timedelta)."""
        self.sudo().with_delay(
            channel="root.retail.realtime",
            description="Reserve in warehouse %d" % warehouse_id,
            identity_key="retail.reserve.%d%s" % (warehouse_id, ".later" if delay else ""),
            priority=_JOB_PRIORITY,
            eta=delay,
            max_retries=0,
        )._job_reserve(warehouse_id)

    def _job_reserve(self, warehouse_id):
        """Reserve what waits in a warehouse for a while; see that somebody comes back if work is left.

        :return: str for the job's result
        """
        is_finished = False
        try:
            done = self._work_off(warehouse_id, JOB_SECONDS)
            self._rest(warehouse_id)
            is_finished = True
            return "somebody else is at it" if done is None else "%d transfers" % done
        finally:
            if not is_finished:
                # The job fails, which its record says; the warehouse must not wait for it.
                with own_cursor(self.env.registry) as cr:
                    reservation_sql.mark_asleep(cr, warehouse_id)

    def _rest(self, warehouse_id):
        """Go to sleep without losing a mark that comes at this very moment."""
        with own_cursor(self.env.registry) as cr:
            reservation_sql.mark_asleep(cr, warehouse_id)
        # From here on a new mark wakes the writer itself; one that came before is seen by this look.
        self._commit()
        seconds = reservation_sql.next_due(self.env.cr).get(warehouse_id)
        if seconds is None:
            return
        if seconds > 0:
            self._enqueue(warehouse_id, timedelta(seconds=seconds + 0.05))
        elif self._is_somebody_at(warehouse_id):
            return  # whoever it is looks once more after the lock is given back, as we do here
        else:
            wake(self.env.registry, [warehouse_id])

    def _is_somebody_at(self, warehouse_id):
        if not reservation_sql.try_lock(self.env.cr, warehouse_id):
            return True
        reservation_sql.unlock(self.env.cr, warehouse_id)
        return False

    @api.model
    def _cron_watchdog(self):
        """Do what no job did: where no job runner runs, after a crash, or when a job was lost. Tidy up."""
        self._drop_settled()
        deadline = time.monotonic() + CRON_SECONDS
        while time.monotonic() < deadline:
            self._commit()
            due = {warehouse: -seconds for warehouse, seconds in reservation_sql.next_due(self.env.cr).items()}
            due = {warehouse: age for warehouse, age in due.items() if age >= 0}
            free = [warehouse_id for warehouse_id in due if not self._is_somebody_at(warehouse_id)]
            if not free:
                return
            overdue = [warehouse_id for warehouse_id in free if due[warehouse_id] >= OVERDUE_SECONDS]
            random.shuffle(overdue)  # one that fails must not always come first
            for warehouse_id in overdue:
                done = self._work_off(warehouse_id, deadline - time.monotonic())
                with own_cursor(self.env.registry) as cr:
                    reservation_sql.mark_asleep(cr, warehouse_id)
                if done:
                    _logger.info("The watchdog reserved %d transfers in warehouse %d.", done, warehouse_id)
            if not overdue:
                time.sleep(_LOOK_SECONDS)
        wake(self.env.registry, reservation_sql.next_due(self.env.cr))  # there is more than fits a run

    def _drop_settled(self):
        """Forget what was held and a person has reserved, delivered or cancelled since."""
        marks = self.env["retail.reservation"].sudo().browse(reservation_sql.settled(self.env.cr))
        exceptions = marks.exception_id
        marks.unlink()
        self._resolve(exceptions)

    # ---------------------------------------------------------------- reserving

    @api.model
    def _work_off(self, warehouse_id, seconds):
        """Reserve what is due in a warehouse for at most about ``seconds``.

        :return: how many marks were worked through, or ``None`` if somebody else is at this warehouse
        """
        cr = self.env.cr
        self._commit()
        if not reservation_sql.try_lock(cr, warehouse_id):
            return None
        deadline = time.monotonic() + seconds
        done = 0
        try:
            # A snapshot from before the lock would not show what its last holder did.
            self._commit()
            while time.monotonic() < deadline:
                ids = reservation_sql.claim(cr, warehouse_id, BATCH_SIZE)
                self._commit()
                if not ids:
                    break
                self._reserve(self.env["retail.reservation"].with_user(SUPERUSER_ID).browse(ids))
                done += len(ids)
                self.env.invalidate_all()
        except BaseException:
            self._rollback()
            raise
        finally:
            reservation_sql.unlock(cr, warehouse_id)
            self._commit()
        return done

    def _reserve(self, marks):
        """Reserve and forget ``marks``; on an error halve the batch until the one at fault is alone."""
        self.env.invalidate_all()
        if len(marks) == 1 and marks.deaths >= MAX_DEATHS:
            message = self.env._("%(count)s attempts ended with the death of the worker process.", count=marks.deaths)
            self._hold(marks, WorkerKilled(message))
            return
        error = self._try(marks)
        if error is None:
            return
        if len(marks) > 1:
            middle = len(marks) // 2
            self._reserve(marks[:middle])
            self._reserve(marks[middle:])
        elif isinstance(error, ReservationConflict) and marks.attempts < backoff.MAX_ATTEMPTS:
            self._postpone(marks, error)
        else:
            self._hold(marks, error)

    def _try(self, marks):
        """Reserve ``marks`` in one transaction; return the error, or ``None`` if it is committed."""
        for _attempt in range(_MAX_CONFLICTS):
            try:
                with self.env.cr.savepoint():
                    self._apply(marks)
                self._commit()
                return None
            except (psycopg2.OperationalError, psycopg2.InterfaceError) as error:
                if getattr(error, "pgcode", None) not in PG_CONCURRENCY_ERRORS_TO_RETRY:
                    raise  # the database is away; the marks are taken up again when it is back
                self._rollback()
            except LockError:
                self._rollback()
            except Exception as error:  # noqa: BLE001 one of the places that turn any failure into a record
                self._rollback()
                return error
            time.sleep(random.uniform(0.005, 0.05))  # noqa: S311 jitter is no secret
        return ReservationConflict(self.env._("Records of this transfer are being changed by somebody else."))

    def _apply(self, marks):
        """Reserve what is still to be reserved, in the order of ``marks``, and forget them.

        Whatever a person did meanwhile is no error: what is cancelled, delivered or reserved by hand has nothing left.
        """
        marks = marks.exists()
        if marks:
            moves = self._find_moves(marks)
            if moves:
                service = marks.backend_id[0]._as_service()
                moves.with_env(service.env).sudo().with_context(**{ORDER_BATCH: OrderBatch()})._action_assign()
            exceptions = marks.exception_id
            marks.unlink()
            self._resolve(exceptions)
        self.env.flush_all()

    def _find_moves(self, marks):
        """Return the moves that Odoo would have reserved when the order was confirmed, and that are not yet."""
        pickings = self.env["stock.picking"].browse(dict.fromkeys(marks.picking_id.ids))
        return self.env["stock.move"].concat(
            *(
                picking.move_ids.filtered(
                    lambda move: move.state in ("confirmed", "partially_available") and move._should_assign_at_confirm()
                ).sorted(lambda move: (-int(move.priority), move.date, move.id))
                for picking in pickings
            )
        )

    # ---------------------------------------------------------------- what did not succeed

    def _postpone(self, mark, error):
        delay = backoff.next_delay(mark.attempts) + timedelta(milliseconds=1)
        mark.write({"not_before": fields.Datetime.now() + delay, "claimed_at": False, "reason": _short(error)})
        self._commit()

    def _hold(self, mark, error):
        """Put a mark aside for a person, with an exception that names its order."""
        _logger.error("Transfer %s could not be reserved", mark.picking_id.id, exc_info=error)
        exception = self._open_exception(mark, error)
        mark.write({"is_held": True, "claimed_at": False, "reason": _short(error), "exception_id": exception.id})
        self._commit()

    def _open_exception(self, mark, error):
        order, backend = mark.order_id, mark.backend_id
        is_killer = isinstance(error, WorkerKilled)
        evidence = {"transfer": mark.picking_id.name, "warehouse": mark.warehouse_id.name}
        if not isinstance(error, RetailError):
            evidence["traceback"] = "".join(traceback.format_exception(error)[-12:])
        message = self.env._(
            "%(picking)s of order %(order)s could not be reserved: %(error)s",
            picking=mark.picking_id.name,
            order=order.retail_external_name or order.name,
            error=str(error) or type(error).__name__,
        )
        exception = self.env["retail.exception"]._open(
            backend,
            _subject_key(mark),
            RetailError(message),
            kind="worker_killed" if is_killer else "reservation_failed",
            cause_key="worker_killed:reservation" if is_killer else text_cause_key(error),
            cause_title=str(error) or type(error).__name__,
            flow=backend._get_order_flow(),
            evidence=evidence_text(evidence, mark.backend_id._get_redacted_keys()),
            amount=(Decimal(str(order.amount_total)), order.currency_id.name),
        )
        exception.write({"res_model": order._name, "res_id": order.id})
        return exception

    def _resolve(self, exceptions):
        """Close the exceptions whose last mark is gone."""
        if exceptions:
            left = self.env["retail.reservation"].sudo().search([("exception_id", "in", exceptions.ids)])
            done = (exceptions - left.exception_id).sudo().filtered(lambda exception: exception.state == "open")
            done._close("resolved", self.env._("The goods are reserved, or nothing is left to reserve."))

    # ---------------------------------------------------------------- transactions

    @api.model
    def _commit(self):
        self.env["retail.drain"]._commit()

    @api.model
    def _rollback(self):
        self.env["retail.drain"]._rollback()


def wake(registry, warehouse_ids):
    """Send for the writer of those of ``warehouse_ids`` to whom none is on its way. Commits by itself."""
    with own_cursor(registry) as cr:
        woken = [number for number in sorted(set(warehouse_ids)) if reservation_sql.mark_awake(cr, number)]
        if woken:
            env = api.Environment(cr, SUPERUSER_ID, {})
            for number in woken:
                env["retail.reservation.writer"]._enqueue(number)
            env.ref("retail_integration_sale.cron_reservation_watchdog")._trigger()


def _subject_key(mark):
    """Name the order, apart from what its messages are about.

    The messages' subject is ``order:<id>``. Under that, the next message that goes through would close this exception,
    and this exception would close one that holds a message.
    """
    binding = mark.env["retail.binding.order"].search(
        [("order_id", "=", mark.order_id.id), ("backend_id", "=", mark.backend_id.id)], limit=1
    )
    return "reservation:%s" % (binding.external_id or mark.order_id.id)


def _short(error):
    return clean_text(str(error))[:_REASON_CHARACTERS]
