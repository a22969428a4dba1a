/** Each state that the page can be in, in a browser: those to which no host is brought within a test, among them. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import type { Browser } from "playwright-core";
import { modeIds } from "../../agent/facts/index.ts";
import type { StatusAnswer } from "../../agent/status/index.ts";
import { pageOf } from "../../agent/status/page/index.ts";
import { account, calm, before as earlier, finding, nowMs, offsetMinutes, ways, wrong } from "../status/page-states.ts";
import { heights, holds, noBrowser, openWindow, picture, startBrowser, themes } from "../support/browsing.ts";

/** Nobody listens there: the browser is answered by the test. */
const origin = "http://127.0.0.1:9/";
const context = { principal: "owner", nowMs, offsetMinutes } as const;

function named(length: number): string {
  return "o".repeat(length);
}

const [row] = wrong().cleanup;
const longPath = `/home/${named(60)}/${"very-long-folder/".repeat(12)}.cshrc`;
const { lead } = wrong();
const none = { ways: [], findings: [], cleanup: [], unmeasured: [], validUntil: null } as const;
const noDay = { from: earlier(86_400_000), to: earlier(86_400_000), accounts: [], stuck: [], saves: [], logins: null };

/** What the real agent cannot be brought to within a test: the whole story, and the rows of "without data". */
const states: Readonly<Record<string, StatusAnswer>> = {
  story: wrong(),
  "story, old": wrong({ validUntil: earlier(86_400_000) }),
  calm: calm(),
  "first start": calm({
    ...none,
    day: noDay,
    ready: false,
    accounts: [account("oracle", { state: "measuring", measuredAt: null, confirmedAt: null })],
  }),
  "no account": calm({ ...none, day: noDay, accounts: [] }),
  "sessions hidden": calm({
    sessions: { at: earlier(86_400_000), groups: [], problem: "/proc is hidden (hidepid=2)" },
  }),
  quiet: calm({
    accounts: [account("oracle", { state: "quiet", says: "the Grant wants quiet until 04:00 (notBetween)" })],
  }),
  "lines kept": wrong({ lead: lead === null ? null : { ...lead, lines: null, says: "", sent: null } }),
  "line not known": wrong({
    findings: [finding({ where: null })],
    lead: lead === null ? null : { ...lead, lines: null, says: "several files could have decided it" },
  }),
  "long names": wrong({
    findings: [
      finding({
        account: named(64),
        where: { file: longPath, line: 123_456, column: 1, through: [longPath] },
        message: named(400),
        change: named(300),
      }),
    ],
    lead:
      lead === null
        ? null
        : {
            ...lead,
            chain: Array.from({ length: 9 }, () => ({ what: longPath, does: named(80) })),
            lines: [{ number: 123_456, text: `\t${named(500)}`, isGuilty: true, note: named(80) }],
          },
    ways: [ways(named(64), longPath)],
    cleanup: row === undefined ? [] : [{ ...row, root: longPath, retention: named(63), problem: named(300) }],
    unmeasured: [
      { account: named(64), mode: "ssh-command", code: "unreadable", message: named(400), change: named(200) },
    ],
  }),
  "13 ways in": calm({
    ways: [
      {
        account: "oracle",
        shell: "/bin/tcsh",
        ways: modeIds.map((mode) => ({ mode, isEngines: false, state: "unknown", word: "unknown", finding: null })),
      },
    ],
  }),
  "40 accounts": wrong({
    ways: [
      ways("oracle", "/bin/tcsh", () => ({ state: "fails", word: "waits", finding: "3f9c2a71d0b4e655" })),
      ...Array.from({ length: 40 }, (_, at) => ways(`account${at}`, "/bin/sh")),
    ],
  }),
};

describe("the page in each state", { skip: noBrowser }, () => {
  let browser: Browser;
  before(async () => {
    browser = await startBrowser();
  });
  after(() => browser?.close());

  for (const [state, status] of Object.entries(states)) {
    test(`${state}: axe finds nothing and nothing overflows`, { timeout: 120_000 }, async () => {
      const { html, headers } = pageOf(status, context);
      for (const colorScheme of themes) {
        for (const width of [320, 1600] as const) {
          await using window = await openWindow(browser, { colorScheme, viewport: { width, height: heights[width] } });
          const { page } = window;
          await page.route(`${origin}`, (route) => route.fulfill({ body: html, contentType: "text/html", headers }));
          await page.goto(`${origin}`);
          await holds(window, `${state} ${width} ${colorScheme}`);
          await picture(page, `${state.replaceAll(/\W+/g, "-")}-${width}-${colorScheme}`);
        }
      }
    });
  }

  test("an agent that refuses its events is there; one that answers nothing is not known to be", async () => {
    const { html, headers } = pageOf(wrong(), context);
    for (const [how, isGone] of [
      ["refused", false],
      ["cut", true],
    ] as const) {
      await using window = await openWindow(browser);
      const { page } = window;
      await page.clock.install();
      await page.route(origin, (route) => route.fulfill({ body: html, contentType: "text/html", headers }));
      const problem = JSON.stringify({ type: "about:blank", status: 503, code: "grant-broken" });
      await page.route(`${origin}v1/events**`, (route) =>
        how === "cut"
          ? route.abort()
          : route.fulfill({ status: 503, contentType: "application/problem+json", body: problem }),
      );
      await page.goto(origin);
      for (let second = 0; second < 64; second += 2) await page.clock.runFor(2_000);
      assert.equal(await page.locator(".band").isVisible(), isGone, how);
    }
  });
});
