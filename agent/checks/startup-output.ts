import * as z from "zod";
import { modeOf, type Output, type Stream } from "../facts/index.ts";
import { checkKind, type Judgement } from "./check-kind.ts";
import { cshrc, oracle } from "./example-facts.ts";
import { changeFor, firstLine, placeOf } from "./wording.ts";

function judgeStream(stream: Stream, output: readonly Output[], terminal: boolean): Judgement {
  // On a terminal the engine reads both streams as one.
  const written = output.filter((each) => each.bytes > 0 && (terminal || each.stream === stream));
  const first = written.find(({ where }) => where !== null) ?? written[0];
  if (first === undefined) return { subject: stream, status: "pass", message: `startup writes nothing to ${stream}` };
  const bytes = written.reduce((sum, each) => sum + each.bytes, 0);
  const head = firstLine(first.head, 60);
  return {
    subject: stream,
    ...placeOf(first),
    status: "fail",
    message: `startup writes ${bytes} ${bytes === 1 ? "byte" : "bytes"} to ${stream}${head === "" ? "" : `: ${head}`}`,
    change: changeFor(first, {
      at: (line) => `move line ${line} below ${first.guard}, or send what it writes to /dev/null`,
      nowhere: `find what writes in the startup files that were read, and move it below ${first.guard}`,
    }),
    evidence: { stream, bytes, head: first.head },
  };
}

export const startupOutput = checkKind({
  id: "startup-output",
  summary: "Startup files write nothing to the streams that the engine reads.",
  why: "scp, sftp, rsync and whatever parses stdout take a greeting for data.",
  consequence: "corrupted-stream",
  asksAbout: "mode",
  needs: ["output"],
  afterStartup: true,
  parameters: z.strictObject({
    streams: z
      .array(z.enum(["stdout", "stderr"]))
      .min(1)
      .default(["stdout"])
      .describe("Streams that stay empty; on a terminal both are one."),
  }),
  subjects: ({ streams }) => [...new Set(streams)],
  judge({ streams }, { output, mode }) {
    const { terminal } = modeOf(mode);
    return [...new Set(streams)].map((stream) => judgeStream(stream, output, terminal));
  },
  examples: [
    { says: "silence holds", with: {}, facts: { ...oracle, output: [] }, fails: [] },
    {
      says: "a greeting on stdout fails",
      with: {},
      facts: {
        ...oracle,
        output: [{ stream: "stdout", bytes: 6, head: "hello\n", where: cshrc(2), guard: '"if ($?prompt)"' }],
      },
      fails: ["stdout"],
    },
    {
      says: "a lone newline fails, too: it makes scp -O wait for ever",
      with: {},
      facts: {
        ...oracle,
        output: [{ stream: "stdout", bytes: 1, head: "\n", where: cshrc(2), guard: '"if ($?prompt)"' }],
      },
      fails: ["stdout"],
    },
    {
      says: "stderr is not asked about: transfers leave it alone",
      with: {},
      facts: {
        ...oracle,
        output: [{ stream: "stderr", bytes: 6, head: "hello\n", where: cshrc(2), guard: '"if ($?prompt)"' }],
      },
      fails: [],
    },
    {
      says: "an empty write is no greeting",
      with: {},
      facts: { ...oracle, output: [{ stream: "stdout", bytes: 0, head: "", where: null, guard: '"if ($?prompt)"' }] },
      fails: [],
    },
    {
      says: "on a terminal stderr is what the engine reads",
      with: {},
      facts: {
        ...oracle,
        mode: "ssh-command-pty",
        output: [{ stream: "stderr", bytes: 6, head: "hello\n", where: cshrc(2), guard: '"if ($?prompt)"' }],
      },
      fails: ["stdout"],
    },
  ],
});
