import assert from "node:assert/strict";
import { test } from "node:test";
import { agentReady } from "../../../agent/cli/text/agent.ts";
import { columns, pageColumns } from "../../../agent/facts/layout.ts";
import { watched } from "../../status/world.ts";

const status = { accounts: [watched("oracle")] };
const lines = (socket: string, isDefault: boolean) =>
  agentReady(status, { socket, isDefault }, 0).map((line) =>
    line.map((part) => (typeof part === "string" ? part : part.text)).join(""),
  );

test("a socket where everybody looks is not named but to curl", () => {
  const text = lines("/run/rcwarden/host/agent.sock", true).join("\n");
  assert.match(text, /rcwarden ready --account oracle {2,}may an engine begin/);
  assert.equal(text.includes("--socket"), false);
});

test("another one is named, and no line is too wide", () => {
  const socket = "/home/oracle/.local/state/rcwarden/agent.sock";
  const found = lines(socket, false);
  assert.ok(found.some((line) => line.includes(`rcwarden events --socket ${socket}`)));
  for (const line of found) assert.ok(columns(line) <= pageColumns, line);
});
