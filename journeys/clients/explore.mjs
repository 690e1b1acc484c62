// Opens GraphiQL in a browser that reaches nothing but the API's own origin; asks a query and hears a subscription.
// Prints what it saw.
import { chromium } from "playwright-core";
import { args, executablePath } from "./browser.mjs";

const [api] = process.argv.slice(2);
const timeout = 60_000;
const foreign = [];
const complaints = [];

const browser = await chromium.launch({ executablePath, args });
try {
  const page = await browser.newPage();
  page.setDefaultTimeout(timeout);
  page.on("console", (message) => message.type() === "error" && complaints.push(message.text()));
  page.on("pageerror", (error) => complaints.push(error.message));
  await page.route("**/*", (route) => {
    const url = new URL(route.request().url());
    if (url.origin === new URL(api).origin) return route.continue();
    foreign.push(url.href);
    return route.abort();
  });

  // Writes into the editor, presses the button, and waits for a word in the answer.
  async function run(query, word) {
    const editor = page.locator(".graphiql-query-editor .CodeMirror");
    await editor.evaluate((element, text) => element.CodeMirror.setValue(text), query);
    await page.click(".graphiql-execute-button");
    const shown = await page.waitForFunction((wanted) => {
      const text = document.querySelector(".result-window .CodeMirror")?.CodeMirror.getValue() ?? "";
      return text.includes(wanted) && text;
    }, word);
    return JSON.parse(await shown.jsonValue());
  }

  await page.goto(api);
  const query = await run("{ assets(first: 1) { edges { node { symbol } } } }", "symbol");
  const subscription = await run("subscription { currentTime }", "currentTime");
  // The documentation is drawn from the schema, which the page asked for by itself.
  await page.click(".graphiql-sidebar button[aria-label*='Documentation']");
  await page.waitForFunction(() => document.querySelector(".graphiql-doc-explorer")?.textContent.includes("Subscription"));
  console.log(JSON.stringify({ query, subscription, foreign, complaints }));
} finally {
  await browser.close();
}
