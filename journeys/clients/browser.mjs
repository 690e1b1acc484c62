// Where the browser of npm's @sparticuz/chromium lies: run by itself it unpacks it, once.
import { mkdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

// The package unpacks below TMPDIR, and so named also the libraries and fonts that this system may lack.
process.env.TMPDIR = join(dirname(fileURLToPath(import.meta.url)), "browser");
mkdirSync(process.env.TMPDIR, { recursive: true });
process.env.AWS_EXECUTION_ENV = "AWS_Lambda_nodejs20.x";
const { default: chromium } = await import("@sparticuz/chromium");
chromium.setGraphicsMode = false;

export const executablePath = await chromium.executablePath();
// One process for everything dies whole whenever a page's part of it does.
export const args = chromium.args.filter((arg) => arg !== "--single-process");
