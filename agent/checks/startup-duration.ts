import * as z from "zod";
import { checkKind, type Judgement } from "./check-kind.ts";
import { cshrc, oracle, ready } from "./example-facts.ts";
import { changeFor, placeOf } from "./wording.ts";

const subject = "startup";

/** `2.00 s`, `0.05 s`. */
function inWords(seconds: number): string {
  return `${seconds.toFixed(2)} s`;
}

export const startupDuration = checkKind({
  id: "startup-duration",
  summary: "Startup takes no longer than the rule allows before the first command runs.",
  why: "An engine pays for a slow startup file with every single command that it sends, and sends hundreds.",
  consequence: "slow",
  asksAbout: "mode",
  needs: ["startup"],
  afterStartup: true,
  parameters: z.strictObject({
    atMostSeconds: z
      .string()
      .regex(
        /^(?!0(\.0+)?$)[0-9](\.[0-9]{1,3})?$/,
        "seconds above 0 and below 10, for a probe takes no longer; for example 0.5",
      )
      .default("2")
      .describe("Seconds from the start of the shell to the end of its startup, for example 0.5."),
  }),
  subjects: () => [subject],
  judge({ atMostSeconds }, { startup }): Judgement[] {
    if (startup === null) return [{ subject, status: "unknown", message: "how long startup takes is not known" }];
    const evidence = { seconds: startup.seconds, atMostSeconds: Number(atMostSeconds) };
    const takes = `startup takes ${inWords(startup.seconds)}`;
    if (startup.seconds <= Number(atMostSeconds)) return [{ subject, status: "pass", message: takes, evidence }];
    const cause = startup.slowest ?? {};
    const change = changeFor(cause, {
      at: (line) => `keep line ${line} from engines, or make it faster`,
      nowhere: "find what takes so long in the startup files that were read, and keep it from engines",
    });
    const message = `${takes}, more than ${inWords(Number(atMostSeconds))}`;
    return [{ subject, ...placeOf(cause), status: "fail", message, change, evidence }];
  },
  examples: [
    { says: "a quick startup holds", with: {}, facts: { ...oracle, startup: ready }, fails: [] },
    {
      says: "a slow startup fails",
      with: { atMostSeconds: "0.5" },
      facts: { ...oracle, startup: { ...ready, seconds: 2.1, slowest: { where: cshrc(7) } } },
      fails: [subject],
    },
    {
      says: "what another rule forbids may be allowed by this one",
      with: { atMostSeconds: "5" },
      facts: { ...oracle, startup: { ...ready, seconds: 2.1 } },
      fails: [],
    },
  ],
});
