// Looks at the API with the auditor of npm's graphql-http. Prints how many checks passed, and every other one.
import { auditServer } from "graphql-http";

const [url] = process.argv.slice(2);
const results = await auditServer({ url });
const findings = results.filter(({ status }) => status !== "ok");
const told = findings.map(({ id, status, name, reason }) => ({ id, status, name, reason }));
console.log(JSON.stringify({ passed: results.length - findings.length, findings: told }));
