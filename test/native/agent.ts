// An agent to be killed: starts one sandboxed shell after another until it is. Its words are the launcher's
// path and the spec as JSON pairs.
import { run, type Spec } from "./drive.ts";

const [enter = "", json = "[]"] = process.argv.slice(2);
const pairs: [string, string][] = JSON.parse(json);
const spec: Spec = [["parent", String(process.pid)], ...pairs];
for (;;) await run({ enter }, spec);
