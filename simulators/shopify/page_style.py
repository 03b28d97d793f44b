"""The page's style sheet. Colours carry meaning only."""

STYLE = """<meta name=viewport content="width=device-width"><style>
:root { --ink: #1d2433; --soft: #667085; --line: #e2e6ee; --paper: #fff; --back: #f5f6f9; --main: #2f5bd8; }
* { box-sizing: border-box }
body { margin: 0 auto; max-width: 1280px; padding: 24px; font: 14px/1.45 system-ui, sans-serif; color: var(--ink);
  background: var(--back) }
h1 { margin: 0; font-size: 24px } h2 { margin: 0 0 12px; font-size: 16px } p { margin: 4px 0; color: var(--soft) }
a { color: var(--main) }
dl { display: flex; flex-wrap: wrap; gap: 8px 32px; margin: 16px 0 } dl div { display: flex; flex-direction: column }
dd { margin: 0; font-weight: 600; font-size: 18px } dt { color: var(--soft) }
section, .actions > div { background: var(--paper); border: 1px solid var(--line); border-radius: 8px; padding: 16px;
  margin-bottom: 16px }
section.actions { display: grid; grid-template-columns: repeat(3, 1fr); gap: 16px; padding: 0; border: 0;
  background: none }
.actions > div { margin: 0 }
form { display: flex; flex-wrap: wrap; gap: 8px; align-items: end; margin: 0 } form h2 { flex-basis: 100% }
label { display: flex; flex-direction: column; color: var(--soft); font-size: 12px }
label.check { flex-direction: row; gap: 6px; align-items: center; flex-basis: 100% }
input, select, button { font: inherit; padding: 5px 8px; border: 1px solid var(--line); border-radius: 6px;
  background: var(--paper) }
input[type=number] { width: 90px }
button { border-color: var(--main); color: var(--main); cursor: pointer } button:hover { background: #eef2fe }
.actions button { background: var(--main); color: #fff }
table { width: 100%; border-collapse: collapse } th { text-align: left; color: var(--soft); font-weight: 500 }
th, td { padding: 6px 8px; border-bottom: 1px solid var(--line); vertical-align: middle } td small { display: block }
.buttons { display: flex; gap: 6px; justify-content: flex-end } .buttons button { padding: 2px 8px; font-size: 12px }
.state { padding: 2px 8px; border-radius: 10px; font-size: 12px; background: #eef0f4; white-space: nowrap }
.paid, .delivered { background: #dff5e5; color: #146c2e }
.cancelled, .voided, .refunded, .failed, .dropped { background: #fde5e3; color: #a1261c }
.pending, .authorized, .partially_paid { background: #fff1d6; color: #8a5300 }
.said { background: #e8eefe; border-radius: 8px; padding: 8px 12px; color: var(--ink); margin-bottom: 16px }
</style>"""
