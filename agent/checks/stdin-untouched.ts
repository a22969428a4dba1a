import * as z from "zod";
import type { StdinFact } from "../facts/index.ts";
import { checkKind, type Judgement } from "./check-kind.ts";
import { cshrc, oracle } from "./example-facts.ts";
import { changeFor, placeOf } from "./wording.ts";

const subject = "stdin";

function takesWords({ sentBytes, arrivedBytes, isTail }: StdinFact): string {
  if (arrivedBytes === 0) return `all ${sentBytes} bytes`;
  const taken = sentBytes - arrivedBytes;
  return isTail ? `the first ${taken} of ${sentBytes} bytes` : `some of ${sentBytes} bytes, or puts others among them,`;
}

export const stdinUntouched = checkKind({
  id: "stdin-untouched",
  summary: "Startup leaves what is sent to stdin to the command.",
  why: "A read, cat or ssh in a startup file takes the first lines of what is piped into a command, which then says 0.",
  consequence: "corrupted-stream",
  asksAbout: "mode",
  needs: ["stdin"],
  afterStartup: false,
  parameters: z.strictObject({}),
  subjects: () => [subject],
  judge(_, { stdin }): Judgement[] {
    if (stdin === null) return [{ subject, status: "unknown", message: "what becomes of stdin is not known" }];
    const { sentBytes, arrivedBytes, isTail } = stdin;
    const evidence = { sentBytes, arrivedBytes };
    if (arrivedBytes === sentBytes && isTail) {
      return [{ subject, status: "pass", message: `all ${sentBytes} bytes that were sent to stdin arrived`, evidence }];
    }
    const message = `startup takes ${takesWords(stdin)} that were sent to the command's stdin`;
    const change = changeFor(stdin, {
      at: (line) => `keep line ${line} from engines, or give it </dev/null`,
      nowhere: "find what reads stdin in the startup files that were read (read, cat, ssh), and give it </dev/null",
    });
    return [{ subject, ...placeOf(stdin), status: "fail", message, change, evidence }];
  },
  examples: [
    {
      says: "all that was sent arrives",
      with: {},
      facts: { ...oracle, stdin: { sentBytes: 2400, arrivedBytes: 2400, isTail: true, where: null } },
      fails: [],
    },
    {
      says: "a first line that is missing fails",
      with: {},
      facts: { ...oracle, stdin: { sentBytes: 2400, arrivedBytes: 2360, isTail: true, where: cshrc(3) } },
      fails: [subject],
    },
    {
      says: "nothing that arrives fails",
      with: {},
      facts: { ...oracle, stdin: { sentBytes: 2400, arrivedBytes: 0, isTail: true, where: null } },
      fails: [subject],
    },
  ],
});
