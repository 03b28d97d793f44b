import {Component, onWillUnmount} from "@odoo/owl";
import {registry} from "@web/core/registry";
import {standardFieldProps} from "@web/views/fields/standard_field_props";

const POLL_MS = 2000;

/** How far a bulk run has come. Reads the record again while it is under way. */
export class RetailProgressField extends Component {
    static template = "retail_integration_base.ProgressField";
    static props = {...standardFieldProps};

    setup() {
        this.timer = setInterval(() => this.reload(), POLL_MS);
        onWillUnmount(() => clearInterval(this.timer));
    }

    get isActive() {
        return ["queued", "running"].includes(this.props.record.data.state);
    }

    get percent() {
        return Math.floor(this.props.record.data[this.props.name] || 0);
    }

    async reload() {
        if (this.isActive && !this.isLoading && document.visibilityState === "visible") {
            this.isLoading = true;
            try {
                await this.props.record.load();
            } finally {
                this.isLoading = false;
            }
        }
    }
}

registry.category("fields").add("retail_progress", {component: RetailProgressField, supportedTypes: ["float"]});
