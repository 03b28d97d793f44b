from odoo.http import Application

from .fast_lane import FastLane


def post_load():
    """Put the lane in front of Odoo's application; called when the server loads the addon, server-wide or not."""
    FastLane.install(Application)
