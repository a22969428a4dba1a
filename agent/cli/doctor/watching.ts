import { fail, ok, type SelfCheck, warn } from "./self-check.ts";

export const watching: SelfCheck = {
  id: "watching",
  asks: "does the agent see changes",
  async look({ status }) {
    const heard = await status();
    if (heard.kind !== "answer") return ok("watching: no agent watches");
    const { watching: found, resources, store } = heard.value;
    const change = "see rcwarden status";
    const faults = [
      ...(found.blind ? [fail("watching: expected that no change goes unseen, found that some could", change)] : []),
      ...found.degraded.map(({ message, code }) =>
        warn(`watching: ${message}`, code === "watch-limit" ? "sysctl -w fs.inotify.max_user_watches=524288" : change),
      ),
      ...resources.over.map((over) =>
        warn(`agent: ${over}`, "raise limits in the Agent document, or see what makes it work"),
      ),
      ...(store.problem === null ? [] : [fail(`store: ${store.problem.message}`, change)]),
    ];
    return faults.length > 0 ? faults : ok(`watching: ${found.byEvents} of ${found.paths} paths by events`);
  },
};
