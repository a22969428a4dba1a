/** Writes a state folder's events to a file until it is killed: `file-writer.ts STATE SINK-JSON`. */
import { startSink } from "../../agent/sinks/index.ts";
import { open, startMs } from "./state.ts";

const [state = "", sink = "{}"] = process.argv.slice(2);
const store = open(state);
startSink(JSON.parse(sink), {
  store,
  source: `rcwarden://${store.hostId}/host`,
  share: () => "names",
  nowMs: () => startMs,
  heartbeat: () => ({}),
  released: () => ({ kind: "refused", message: "a file releases nothing" }),
  log: () => {},
  spawnSender: () => {
    throw new Error("a file needs no sender");
  },
});
setInterval(() => {}, 60_000);
