import { fail, ok, type SelfCheck } from "./self-check.ts";

export const engines: SelfCheck = {
  id: "engines",
  asks: "do the sinks take events",
  async look({ status }) {
    const heard = await status();
    if (heard.kind !== "answer") return ok("engines: nothing is sent without an agent");
    const { sinks } = heard.value;
    const faults = sinks.flatMap(({ name, problem, waiting }) =>
      problem === null
        ? []
        : [fail(`sink ${name}: ${problem.message}; ${waiting} events wait`, "mend that; nothing is lost meanwhile")],
    );
    if (faults.length > 0) return faults;
    return ok(
      sinks.length === 0
        ? "engines: no sink is seen; engines fetch events from the socket"
        : `engines: ${sinks.map(({ name }) => name).join(", ")} took all`,
    );
  },
};
