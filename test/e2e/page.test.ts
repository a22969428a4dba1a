/**
 * The page in a browser, as a person called at night sees it: the built agent, planted faults, its socket behind a forwarded
 * port. Pictures of it are left in test-results/page for a look beside what was meant.
 */
import assert from "node:assert/strict";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import type { Browser, BrowserContextOptions, Page, Route } from "playwright-core";
import { makeAccount, noAccounts, type TestAccount } from "../support/accounts.ts";
import { startAgent, type TestAgent } from "../support/agent.ts";
import {
  type Forward,
  forward,
  heights,
  holds,
  noBrowser,
  openWindow,
  picture,
  startBrowser,
  themes,
  type Window,
  widths,
} from "../support/browsing.ts";
import { noSshd, startSshd } from "../support/sshd.ts";

/** Line 4 makes cp -f ask: its -i comes last. What is for people stands below line 5. */
const calmFile = `setenv ORACLE_SID PROD
setenv NLS_LANG .AL32UTF8
set path = ($path /u01/bin)
# nothing here
if ($?prompt) then
  set history = 500
endif
`;
const wrongFile = calmFile.replace("# nothing here", "alias cp 'cp -i'");

const shapes = { wrong: wrongFile, calm: calmFile } as const;
/** What of /v1/status is looked at here. */
interface Now {
  readonly accounts: readonly { readonly pending: boolean }[];
  readonly findings: readonly { readonly account: string; readonly status: string }[];
}

describe("the page", { skip: noAccounts || noBrowser }, () => {
  let browser: Browser;
  let oracle: TestAccount;
  let agent: TestAgent;
  let tunnel: Forward;

  before(async () => {
    browser = await startBrowser();
    oracle = await makeAccount({ shell: "/bin/tcsh", home: "empty", files: { ".cshrc": calmFile } });
    agent = await startAgent({ accounts: [oracle.name] });
    // Events come once the watcher saw its own.
    const seesEvents = ({ watching }: { readonly watching: { readonly latencyMs: number | null } }) =>
      watching.latencyMs !== null;
    await agent.until("/v1/status", seesEvents, "an event of the sentinel");
    tunnel = await forward(agent.socket);
  });
  after(async () => {
    await tunnel?.[Symbol.asyncDispose]();
    await agent?.[Symbol.asyncDispose]();
    await oracle?.[Symbol.asyncDispose]();
    await browser?.close();
  });

  /** Writes the file, and waits until the agent has said what came of it. */
  async function become(state: keyof typeof shapes): Promise<void> {
    // What is saved anew is measured anew, and is unknown for as long as it keeps being saved.
    if (readFileSync(join(oracle.home, ".cshrc"), "utf8") !== shapes[state]) oracle.write(".cshrc", shapes[state]);
    const isSo = ({ findings, accounts }: Now) => {
      const statuses = findings.filter(({ account: whose }) => whose === oracle.name).map(({ status }) => status);
      return (
        statuses.every((status) => status === "fail") &&
        statuses.length > 0 === (state === "wrong") &&
        accounts.every(({ pending }) => !pending)
      );
    };
    await agent.until<Now>("/v1/status", isSo, `the state ${state}`);
  }

  async function opened(options: BrowserContextOptions = {}): Promise<Window> {
    const window = await openWindow(browser, options);
    await window.page.goto(`${tunnel.origin}/`);
    return window;
  }

  test("says that there is a newer state soon after a file changed, and one click shows which line", async (t) => {
    const took: number[] = [];
    // The best of five: what else this machine does is not the page's matter.
    for (let attempt = 0; attempt < 5 && Math.min(...took) > 2_000; attempt++) {
      await become("calm");
      await using window = await opened();
      const { page, wrong, asked } = window;
      assert.match(await page.locator("h1").innerText(), /^What the engine sends does what it says\./);
      assert.equal(await page.locator("#newer").isVisible(), false);
      const changed = performance.now();
      oracle.write(".cshrc", wrongFile);
      await page.locator("#newer").waitFor({ state: "visible", timeout: 30_000 });
      took.push(performance.now() - changed);
      assert.match(await page.locator("#newer").innerText(), /^Newer state from \d\d:\d\d: show it$/);
      assert.equal(await page.locator("#as-of").isVisible(), false);
      assert.match(
        await page.locator("h1").innerText(),
        /^What the engine sends/,
        "nothing moves under a reader's eyes",
      );
      await page.locator("#newer").click();
      await page.locator(".lines .hit").waitFor();
      const headline = await page.locator("h1").innerText();
      assert.match(
        headline,
        new RegExp(
          `^${oracle.name}’s cp -f waits for ever since \\d\\d:\\d\\d\\.\\sLine 4 of ~/\\.cshrc makes it ask\\.$`,
        ),
      );
      assert.equal(await page.locator(".lines .hit i").innerText(), "4");
      assert.match(await page.locator(".lines .hit span").innerText(), /^alias cp 'cp -i'/);
      assert.equal(await page.locator(".chain > li:last-child code").innerText(), "~/.cshrc:4");
      assert.match(await page.title(), /^✗ .*’s cp -f waits for ever since/);
      assert.deepEqual(wrong, []);
      assert.deepEqual(
        asked.filter((url) => !url.startsWith(`${tunnel.origin}/`)),
        [],
      );
    }
    t.diagnostic(`newer state shown after ${took.map((ms) => `${Math.round(ms)} ms`).join(", ")}`);
    assert.ok(Math.min(...took) <= 2_000, `${took.join()} ms`);
  });

  for (const state of ["wrong", "calm"] as const) {
    test(`${state}: axe finds nothing, nothing overflows, in each width and theme, also when it grew old`, {
      timeout: 300_000,
    }, async () => {
      await become(state);
      for (const colorScheme of themes) {
        for (const width of widths) {
          await using window = await opened({ colorScheme, viewport: { width, height: heights[width] } });
          const where = `${state} ${width} ${colorScheme}`;
          await holds(window, where);
          if (width === 360 || width === 1600) await picture(window.page, `${state}-${width}-${colorScheme}`);
          await window.page.route(`${tunnel.origin}/`, grownOld);
          await window.page.reload();
          await holds(window, `stale ${where}`);
          if (width === 360 || width === 1600) await picture(window.page, `${state}-stale-${width}-${colorScheme}`);
        }
      }
    });
  }

  test("what to do fits into a small window", async () => {
    await become("wrong");
    await using window = await opened({ viewport: { width: 360, height: 740 } });
    const box = await window.page.locator(".command").first().boundingBox();
    assert.ok(box !== null && box.y + box.height < 740, JSON.stringify(box));
  });

  test("without script the same is said", async () => {
    await become("wrong");
    await using scripted = await opened();
    await using bare = await opened({ javaScriptEnabled: false });
    const said = await scripted.page.locator("h1").innerText();
    assert.equal(await bare.page.locator("h1").innerText(), said);
    assert.equal(await bare.page.locator(".lines .hit i").innerText(), "4");
    assert.equal(await bare.page.locator(".command button").first().isVisible(), false);
    assert.equal(
      await bare.page.locator(".command code").first().innerText(),
      `rcwarden check --account ${oracle.name}`,
    );
  });

  test("by keyboard alone: in the order of reading, from the skip link to the foot", async () => {
    await become("wrong");
    await using window = await opened({ viewport: { width: 360, height: 740 } });
    const { page } = window;
    const expected = await page.evaluate<number>(`
      globalThis.stops = [...document.querySelectorAll("a[href], button, summary, [tabindex='0']")]
        .filter((each) => each.checkVisibility({ visibilityProperty: true }) && each.getClientRects().length > 0);
      stops.length`);
    const visited: string[] = [];
    let lastTop = Number.NEGATIVE_INFINITY;
    for (let stop = 0; stop < expected; stop++) {
      await page.keyboard.press("Tab");
      const at = await page.evaluate<number>("stops.indexOf(document.activeElement)");
      assert.equal(
        at,
        stop,
        `${visited.join(" > ")} > ${await page.evaluate<string>("document.activeElement.outerHTML.slice(0, 120)")}`,
      );
      visited.push(await page.evaluate<string>("document.activeElement.textContent.trim().slice(0, 20)"));
      const top = await page.evaluate<number>("document.activeElement.getBoundingClientRect().top + scrollY");
      if (stop > 0) assert.ok(top >= lastTop - 30, `${visited.join(" > ")} goes up`);
      lastTop = top;
      assert.equal(await page.evaluate<string>("getComputedStyle(document.activeElement).outlineStyle"), "solid");
    }
    await page.locator(".skip").focus();
    await page.keyboard.press("Enter");
    assert.match(page.url(), /#change$/);
  });

  test("a command is copied by keyboard, and the button says so", async () => {
    await become("wrong");
    await using window = await opened({ permissions: ["clipboard-read", "clipboard-write"] });
    const { page } = window;
    await page.locator(".command button").first().focus();
    await page.keyboard.press("Enter");
    await page.locator("#told", { hasText: "Copied" }).waitFor();
    assert.match(await page.locator(".command button").first().innerText(), /^Copied/);
    const copied = await page.evaluate<string>("navigator.clipboard.readText()");
    assert.equal(copied, `rcwarden check --account ${oracle.name}`);
  });

  test("print shows all and no buttons; no motion where none is wanted; marks stay where colours are forced", async () => {
    await become("wrong");
    await using window = await opened({ reducedMotion: "reduce" });
    const { page } = window;
    const styleOf = (selector: string, name: string) =>
      page.evaluate<string>(`getComputedStyle(document.querySelector(${JSON.stringify(selector)})).${name}`);
    assert.equal(await styleOf(".caret", "animationName"), "none");
    await page.evaluate("for (const each of document.querySelectorAll('details')) each.open = false");
    assert.equal(await page.locator("details .pairs").first().isVisible(), false);
    await page.emulateMedia({ media: "print" });
    assert.equal(await page.locator(".command button").first().isVisible(), false);
    assert.equal(await page.locator("details .pairs").first().isVisible(), true);
    await page.emulateMedia({ media: "screen", forcedColors: "active" });
    assert.equal(await styleOf(".lines .hit", "outlineStyle"), "solid");
    assert.equal(await page.locator(".state .mark").first().isVisible(), true);
  });

  test("where nobody answers for a minute, the page says so, and takes it back when somebody does", {
    timeout: 120_000,
  }, async () => {
    await become("wrong");
    await using window = await openWindow(browser);
    const { page, wrong } = window;
    await page.clock.install();
    await page.goto(`${tunnel.origin}/`);
    try {
      assert.equal(await page.locator(".band").isVisible(), false);
      tunnel.cut();
      for (let second = 0; second < 62; second += 2) await page.clock.runFor(2_000);
      await page.locator(".band").waitFor({ state: "visible" });
      assert.match(
        await page.locator(".band").innerText(),
        /^The agent has not answered for 1 min\. This is what was known at \d\d:\d\d:\d\d\.$/,
      );
      assert.match(await page.locator("h1").innerText(), /cp -f waited for ever/);
      assert.equal(await page.locator(".state").innerText(), "Critical when last known");
      assert.match(await page.title(), /^\? Not known since \d\d:\d\d · /);
    } finally {
      tunnel.mend();
    }
    // Each question waits 25 s where nothing is new, by the agent's clock: something new answers it.
    const answered = page.waitForResponse((response) => response.url().includes("/v1/events") && response.ok());
    await page.clock.runFor(2_500);
    await become("calm");
    await answered;
    await page.clock.runFor(2_000);
    await page.locator(".band").waitFor({ state: "hidden" });
    await page.locator("#newer").waitFor({ state: "visible" });
    assert.deepEqual(wrong, []);
  });

  test("through sshd an account sees its own state", { skip: noSshd }, async () => {
    await become("wrong");
    await using sshd = await startSshd();
    const port = await freePort();
    const forwarded = ["-N", "-o", "ExitOnForwardFailure=yes", "-L", `127.0.0.1:${port}:${agent.socket}`];
    const ended = sshd.ssh(oracle.name, [], { client: forwarded, timeoutMs: 60_000 });
    await using window = await openWindow(browser);
    const { page, wrong } = window;
    await reached(page, `http://127.0.0.1:${port}/`, ended);
    assert.match(await page.locator("h1").innerText(), /cp -f waits for ever/);
    assert.match(await page.locator(".lines .hit span").innerText(), /^alias cp 'cp -i'/);
    assert.equal(await page.locator('a[href="/metrics"], #delivery').count(), 0);
    assert.deepEqual(wrong, []);
  });
});

/** The same page as it is sent where nothing was confirmed lately: in the past, with its band. */
async function grownOld(route: Route): Promise<void> {
  const response = await route.fetch();
  const html = (await response.text()).replace("<html ", '<html class="stale" data-stale="1" ');
  await route.fulfill({ response, body: html });
}

/** Tries until the tunnel stands; whether it does, only a connection shows. */
async function reached(page: Page, url: string, ended: Promise<{ readonly stderr: string }>): Promise<void> {
  let over: string | null = null;
  void ended.then(({ stderr }) => {
    over = `ssh ended: ${stderr}`;
  });
  const deadline = performance.now() + 20_000;
  for (;;) {
    try {
      await page.goto(url);
      return;
    } catch (error) {
      if (over !== null || performance.now() > deadline) throw new Error(over ?? "no tunnel", { cause: error });
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  if (address === null || typeof address === "string") throw new Error("no port");
  return address.port;
}
