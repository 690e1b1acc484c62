// Where the browser of npm's @sparticuz/chromium lies: run by itself it unpacks it, once.
import { mkdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

// The package unpacks below TMPDIR, and so named also the libraries and fonts that this system may lack.
const here = dirname(fileURLToPath(import.meta.url));
process.env.TMPDIR = join(here, "browser");
process.env.FONTCONFIG_PATH = here;
mkdirSync(process.env.TMPDIR, { recursive: true });
process.env.AWS_EXECUTION_ENV = "AWS_Lambda_nodejs20.x";
const { default: chromium } = await import("@sparticuz/chromium");
chromium.setGraphicsMode = false;

export const executablePath = await chromium.executablePath();
export const args = chromium.args;
