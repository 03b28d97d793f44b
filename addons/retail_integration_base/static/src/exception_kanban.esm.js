import {KanbanRenderer} from "@web/views/kanban/kanban_renderer";
import {kanbanView} from "@web/views/kanban/kanban_view";
import {registry} from "@web/core/registry";

/**
 * The board of exceptions. Odoo shows no help on an empty board that is grouped by a record, and an empty board is what
 * everybody here works for: it should say so.
 */
export class RetailExceptionKanbanRenderer extends KanbanRenderer {
    get showNoContentHelper() {
        const {isGrouped, groups} = this.props.list;
        return super.showNoContentHelper || (isGrouped && groups.length === 0);
    }
}

registry.category("views").add("retail_exception_kanban", {
    ...kanbanView,
    Renderer: RetailExceptionKanbanRenderer,
});
