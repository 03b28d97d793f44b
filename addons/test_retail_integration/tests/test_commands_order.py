"""Messages that are not state: each counts, and none of a subject overtakes another."""

from dataclasses import replace

from odoo.tests import tagged

from odoo.addons.retail_integration_base.models.retail_connector_manual import describe_document

from .common import RetailCase, note_body


@tagged("post_install", "-at_install")
class TestCommands(RetailCase):
    def bring_command(self, text, version):
        body = note_body("n1", text, version)
        key = replace(describe_document(body), is_state=False)
        return self.env["retail.inbox"]._receive_manual(self.backend, key, body)

    def test_commands_of_one_subject_are_all_applied_in_order(self):
        messages = [self.bring_command("c%d" % number, number) for number in range(1, 6)]
        self.drain()
        self.assertEqual(self.notes().history, "1,2,3,4,5")
        self.assertEqual({message.state for message in messages}, {"done"})

    def test_a_held_command_holds_the_later_ones_of_its_subject_and_no_other(self):
        first, second = self.bring_command("needs human", 1), self.bring_command("later", 2)
        other = self.bring("n2")
        self.drain()
        self.assertEqual([first.state, second.state, other.state], ["held", "pending", "done"])
        first.exception_id._close_by_hand("ignored", "not needed")
        self.drain()
        self.assertEqual([first.state, second.state], ["ignored", "done"])
