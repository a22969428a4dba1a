/** A browser for the page, and a way from its TCP port to the agent's Unix socket, as `ssh -L` makes one. */

import assert from "node:assert/strict";
import { once } from "node:events";
import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { connect, createServer, type Socket } from "node:net";
import { fileURLToPath } from "node:url";
import { type Browser, type BrowserContext, type BrowserContextOptions, chromium, type Page } from "playwright-core";

const axe = readFileSync(new URL("../../node_modules/axe-core/axe.min.js", import.meta.url), "utf8");
const pictures = fileURLToPath(new URL("../../test-results/page/", import.meta.url));
const executablePath = "/usr/bin/chromium";

/** Why no browser can be started here, as a sentence for `skip`; false where one can. */
export const noBrowser: string | false = existsSync(executablePath) ? false : `needs ${executablePath}`;

export function startBrowser(): Promise<Browser> {
  const quiet = ["background-networking", "component-update", "sync", "gpu", "quic"].map((name) => `--disable-${name}`);
  return chromium.launch({ executablePath, args: ["--no-sandbox", "--no-first-run", ...quiet] });
}

export interface Forward extends AsyncDisposable {
  /** `http://127.0.0.1:PORT` */
  readonly origin: string;
  /** Whoever asks is cut, and so are those that wait: as when the agent is gone. */
  cut(): void;
  mend(): void;
}

export async function forward(socketPath: string): Promise<Forward> {
  const open = new Set<Socket>();
  let isCut = false;
  const server = createServer((browser) => {
    if (isCut) return void browser.destroy();
    const agent = connect(socketPath);
    for (const [one, other] of [[browser, agent] as const, [agent, browser] as const]) {
      open.add(one);
      one.on("error", () => other.destroy());
      one.on("close", () => {
        open.delete(one);
        other.destroy();
      });
      one.pipe(other);
    }
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  const end = () => {
    for (const socket of open) socket.destroy();
  };
  return {
    origin: `http://127.0.0.1:${address.port}`,
    cut() {
      isCut = true;
      end();
    },
    mend() {
      isCut = false;
    },
    async [Symbol.asyncDispose]() {
      end();
      server.close();
      await once(server, "close");
    },
  };
}

/** A window, and what went wrong in it. */
export interface Window extends AsyncDisposable {
  readonly page: Page;
  readonly context: BrowserContext;
  /** Of the console and of the page's script; what a cut connection says is none. */
  readonly wrong: readonly string[];
  /** Addresses that were asked. */
  readonly asked: readonly string[];
}

export async function openWindow(browser: Browser, options: BrowserContextOptions = {}): Promise<Window> {
  const context = await browser.newContext(options);
  const page = await context.newPage();
  const wrong: string[] = [];
  const asked: string[] = [];
  page.on("console", (message) => {
    const isOfNetwork = message.text().startsWith("Failed to load resource: net::");
    if (["error", "warning"].includes(message.type()) && !isOfNetwork) wrong.push(message.text());
  });
  page.on("pageerror", (error) => wrong.push(String(error)));
  page.on("request", (request) => asked.push(request.url()));
  return { page, context, wrong, asked, [Symbol.asyncDispose]: () => context.close() };
}

export const themes = ["light", "dark"] as const;
export const widths = [320, 360, 800, 1600] as const;
/** What a reader of a wide and of a narrow window sees first. */
export const heights: Readonly<Record<(typeof widths)[number], number>> = { 320: 640, 360: 740, 800: 900, 1600: 900 };

interface Violation {
  readonly id: string;
  readonly impact: string;
  readonly nodes: readonly { readonly html: string; readonly failureSummary: string }[];
}

/** axe finds nothing, nothing is wider than the window, the console is silent, and nobody else was asked. */
export async function holds({ page, wrong, asked }: Window, where: string): Promise<void> {
  await page.evaluate(axe);
  const found = await page.evaluate<{ violations: readonly Violation[] }>("axe.run(document)");
  const told = found.violations.map(
    ({ id, impact, nodes }) =>
      `${id} (${impact}): ${nodes.map((node) => `${node.html} ${node.failureSummary}`).join("; ")}`,
  );
  assert.deepEqual(told, [], where);
  const wide = await page.evaluate<number>("document.documentElement.scrollWidth - innerWidth");
  assert.ok(wide <= 0, `${where}: ${wide} px too wide`);
  assert.deepEqual(wrong, [], where);
  const { origin } = new URL(page.url());
  assert.deepEqual(
    asked.filter((url) => !url.startsWith(`${origin}/`)),
    [],
    where,
  );
}

/** Leaves a picture of what is seen first, and one of all. */
export async function picture(page: Page, name: string): Promise<void> {
  mkdirSync(pictures, { recursive: true });
  await page.screenshot({ path: `${pictures}${name}.png` });
  await page.screenshot({ path: `${pictures}${name}-whole.png`, fullPage: true });
}
