import {Component} from "@odoo/owl";
import {registry} from "@web/core/registry";
import {standardFieldProps} from "@web/views/fields/standard_field_props";
import {useService} from "@web/core/utils/hooks";

/** The buttons that mend an exception or a cause. Which there are comes from the registry of fixes on the server. */
export class RetailFixesField extends Component {
    static template = "retail_integration_base.FixesField";
    static props = {...standardFieldProps};

    setup() {
        this.orm = useService("orm");
        this.action = useService("action");
    }

    get fixes() {
        return this.props.record.data[this.props.name] || [];
    }

    async apply(fix) {
        const {record} = this.props;
        if (!(await record.save())) {
            return;
        }
        const action = await this.orm.call(record.resModel, "action_fix", [[record.resId], fix.code]);
        if (action && typeof action === "object" && action.type !== "ir.actions.act_window_close") {
            await this.action.doAction(action, {onClose: () => record.load()});
        } else {
            await record.load();
        }
    }
}

registry.category("fields").add("retail_fixes", {component: RetailFixesField, supportedTypes: ["jsonb", "json"]});
