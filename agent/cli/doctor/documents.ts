import { problemText } from "../../documents/index.ts";
import { counted } from "../../facts/amounts.ts";
import { fail, ok, type SelfCheck } from "./self-check.ts";

const mostTold = 5;

export const documents: SelfCheck = {
  id: "documents",
  asks: "do the documents load",
  async look({ configuration, hostFolder }) {
    const loaded = await configuration(null);
    if (loaded.kind === "problems") {
      const change = `mend it, and try: rcwarden policy list`;
      return loaded.problems.slice(0, mostTold).map((problem) => fail(problemText(problem), change));
    }
    const { engines, policies, retentions } = loaded.set;
    const own = [...engines, ...policies, ...retentions].filter(({ origin }) => !origin.shipped).length;
    const { grant, agent, exceptions } = loaded.host;
    const count = own + exceptions.length + (grant.kind === "grant" ? 1 : 0) + (agent === null ? 0 : 1);
    return ok(
      count === 0
        ? `documents: none in ${hostFolder}, those that came with the program hold`
        : `documents: ${counted(count, "document")} in ${hostFolder} load`,
    );
  },
};
