"""The least a controller can do: what the gateway is measured against."""

from odoo import http
from odoo.http import request


class Empty(http.Controller):
    @http.route("/test_retail/empty", type="http", auth="none", methods=["GET"], save_session=False)
    def get(self):
        return request.make_response("")

    @http.route("/test_retail/empty", type="http", auth="none", methods=["POST"], csrf=False, save_session=False)
    def post(self):
        request.httprequest.get_data()
        return request.make_response("")
