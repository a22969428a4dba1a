/** Commits findings for ever, and says each event's place on a line of its own after the commit came back. */
import { writeSync } from "node:fs";
import { cursorText, type EventDraft } from "../../../agent/store/index.ts";
import { committed, finding, open, opened } from "./state.ts";

const [folder = "", seed = "0"] = process.argv.slice(2);
const store = open(folder, { nowMs: Date.now() });
const known = new Set(store.findings().map(({ finding: { fingerprint } }) => fingerprint));

for (let at = Number(seed) + 1; ; at = (at * 48_271) % 2_147_483_647) {
  const state = finding(at % 40, { message: `found at ${at}` });
  const { fingerprint } = state.finding;
  const resolves = known.has(fingerprint) && at % 3 === 0;
  const told: EventDraft = resolves ? { ...opened(state), type: "finding.resolved" } : opened(state, at % 3000);
  const change = resolves ? { remove: [fingerprint] } : { put: [state] };
  for (const event of committed(store.commit({ nowMs: Date.now(), ...change, events: [told] })))
    writeSync(1, `${cursorText(event)}\n`);
  if (resolves) known.delete(fingerprint);
  else known.add(fingerprint);
  if (at % 50 === 0) committed(store.housekeeping(Date.now(), 64 << 20));
}
