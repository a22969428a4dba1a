/** What `/` answers to whom: the page in a browser, text elsewhere, and nothing of the state to a stranger. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { pagePolicy } from "../../agent/status/page/index.ts";
import { agentBehind, ask, askAs, uids, viewerGid } from "./world.ts";

const skip = process.getuid?.() === 0 ? false : "needs root, to call as others";
const asBrowser = { headers: { Accept: "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8" } };

test("a browser gets the page, with a policy that knows its script and style", async (t) => {
  const { socket, faults } = await agentBehind(t);
  const { status, headers, text } = await ask(socket, "/", asBrowser);
  assert.equal(status, 200);
  assert.equal(headers["content-type"], "text/html; charset=utf-8");
  assert.equal(headers["content-security-policy"], pagePolicy);
  assert.equal(headers.vary, "Accept");
  assert.match(text, /^<!doctype html>\n<html lang="en"/);
  assert.match(text, /cp -f<\/code> <em>/);
  assert.deepEqual(faults, []);
});

test("curl gets text under the policy of all answers", async (t) => {
  const { socket } = await agentBehind(t);
  const { headers, text } = await ask(socket, "/", { headers: { Accept: "*/*" } });
  assert.equal(headers["content-type"], "text/plain; charset=utf-8");
  assert.equal(headers["content-security-policy"], "default-src 'none'; frame-ancestors 'none'");
  assert.doesNotMatch(text, /<html/);
});

test("an account's page has nothing of others, and a viewer's nothing that the Grant keeps", { skip }, async (t) => {
  const { socket } = await agentBehind(t);
  const page = (uid: number, groups: readonly number[] = []) =>
    askAs({ uid, groups }, socket, "/", { accept: "text/html" });
  const own = await page(uids.oracle);
  assert.match(own.text, /<html[\s\S]*oracle/);
  assert.doesNotMatch(own.text, /postgres|engine\.example|db\.yaml|a notice/);
  const viewers = await page(uids.stranger, [viewerGid]);
  assert.match(viewers.text, /<html[\s\S]*postgres/);
  assert.doesNotMatch(viewers.text, /SECRET/);
  const nobody = await page(uids.stranger);
  assert.equal(nobody.status, 403);
  assert.doesNotMatch(nobody.text, /oracle|postgres|cshrc/);
});
