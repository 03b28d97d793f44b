// Sign and verify webhooks with Shopify's own library (npm @shopify/shopify-api).
//
//   node signatures.cjs <node_modules> < cases.json
//
// stdin: {"secret": "…", "sign": ["body", …], "verify": [{"body": "…", "headers": {…}}, …]}
// stdout: {"signatures": ["…", …], "verdicts": [true, …]}

const path = require("node:path");
const {createRequire} = require("node:module");

const load = createRequire(path.join(path.resolve(process.argv[2]), "anything.js"));
load("@shopify/shopify-api/adapters/node");
const {shopifyApi} = load("@shopify/shopify-api");
const {createSHA256HMAC} = load("@shopify/shopify-api/runtime");

async function main() {
    const chunks = [];
    for await (const chunk of process.stdin) chunks.push(chunk);
    const input = JSON.parse(Buffer.concat(chunks).toString("utf8"));
    const api = shopifyApi({
        apiKey: "client",
        apiSecretKey: input.secret,
        apiVersion: "2026-07",
        hostName: "odoo.example",
        isEmbeddedApp: false,
        logger: {level: 0, log: () => {}},
    });
    const signatures = [];
    for (const body of input.sign) signatures.push(await createSHA256HMAC(input.secret, body));
    const verdicts = [];
    for (const {body, headers} of input.verify) {
        const rawRequest = {method: "POST", url: "/retail/token/webhook", headers};
        const {valid} = await api.webhooks.validate({rawBody: body, rawRequest, rawResponse: {}});
        verdicts.push(valid);
    }
    process.stdout.write(JSON.stringify({signatures, verdicts}));
}

main();
