import * as z from "zod";
import { type AskedRelease, releaseAnswers, shownContent, shownPath } from "../../store/index.ts";
import { hear } from "../agents.ts";
import { type AnsweredRelease, releasedJson, releasedText } from "../text/released.ts";
import type { Call, ExitCode, Surroundings } from "../verb.ts";
import { type Action, refuse } from "./action.ts";
import { parseManifest } from "./manifest.ts";
import { cleanupPlaces, socketOption } from "./places.ts";

export const release: Action = {
  name: "release",
  summary: "say that safe copies of files exist, so that they may go",
  usage: "--retention NAME --manifest FILE|- [--json]",
  options: [
    { flags: "--retention <name>", says: "the Retention whose files they are" },
    {
      flags: "--manifest <file>",
      says: 'what was copied, as JSON lines or one JSON array, - for stdin: {"path":"a.arc","size":1048576,"sha256":"HEX"}, or "mtime" instead of "sha256"',
    },
    { flags: "--json", says: "print the answers as JSON" },
    socketOption,
  ],
  examples: [["rcwarden cleanup release --retention engine-staging --manifest -", "release what stdin names"]],
  run,
};

async function run(call: Call, { voice, parts }: Surroundings): Promise<ExitCode> {
  const { retention, manifest, json } = call.flags;
  if (typeof retention !== "string")
    return refuse(voice, "--retention: expected the name of a Retention, found nothing");
  if (typeof manifest !== "string") return refuse(voice, "--manifest: expected a file, or - for stdin, found nothing");
  const input = await parts.input(manifest);
  if (input.kind === "unreadable") return refuse(voice, `${manifest}: expected a file to read, found ${input.why}`);
  const read = parseManifest(input.text, manifest, retention);
  if (read.kind === "wrong") {
    for (const problem of read.problems) refuse(voice, problem);
    const more = read.count - read.problems.length;
    return refuse(voice, `${more > 0 ? `${more} more like these; ` : ""}nothing was released`);
  }
  const { sockets } = cleanupPlaces(call, parts);
  const sent = await sentTo(sockets, read.asked, parts);
  if (json === true) voice.json(releasedJson(retention, sent.answered));
  else if (sent.answered.length > 0) voice.answer(releasedText(retention, sent.answered));
  if (sent.problem !== "") {
    const left = read.asked.length - sent.answered.length;
    refuse(voice, `${sent.problem}${sent.answered.length === 0 ? "" : `; ${left} were not released`}`);
    return 3;
  }
  return sent.answered.every(({ answer }) => settled.includes(answer)) ? 0 : 1;
}

/** It counts, or the file that it named is gone by it already. */
const settled: readonly string[] = ["accepted", "removed"];

const answersShape = z.object({ answers: z.array(z.object({ answer: z.enum(releaseAnswers), message: z.string() })) });

interface Sent {
  readonly answered: readonly AnsweredRelease[];
  /** Why not all of them were; "" where they were. */
  readonly problem: string;
}

/** One request after the other, so that what was answered stands whatever comes of the rest. */
async function sentTo(
  sockets: readonly string[],
  asked: readonly AskedRelease[],
  parts: Parameters<typeof hear>[0],
): Promise<Sent> {
  const answered: AnsweredRelease[] = [];
  for (const chunk of chunksOf(asked)) {
    const releases = chunk.map(wireOf);
    const question = { method: "POST", path: "/v1/releases", body: { releases }, withinMs: 60_000 } as const;
    const heard = await hear(parts, sockets, question, answersShape);
    if (heard.kind !== "answer") return { answered, problem: heard.message };
    const { answers } = heard.value;
    if (answers.length !== chunk.length) {
      const problem = `${heard.socket}: expected ${chunk.length} answers, found ${answers.length}; is it of another version?`;
      return { answered, problem };
    }
    for (const [at, { answer, message }] of answers.entries()) {
      const each = chunk[at];
      if (each !== undefined) answered.push({ release: each, answer, message });
    }
  }
  return { answered, problem: "" };
}

/** What an agent takes in one request, less what stands around it. */
const mostBytes = (1 << 20) - 1024;
const mostOfChunk = 10_000;

function* chunksOf(asked: readonly AskedRelease[]): Generator<readonly AskedRelease[]> {
  let chunk: AskedRelease[] = [];
  let bytes = 0;
  for (const each of asked) {
    const size = Buffer.byteLength(JSON.stringify(wireOf(each))) + 1;
    if (chunk.length === mostOfChunk || (chunk.length > 0 && bytes + size > mostBytes)) {
      yield chunk;
      chunk = [];
      bytes = 0;
    }
    chunk.push(each);
    bytes += size;
  }
  yield chunk;
}

function wireOf({ retention, path, size, content }: AskedRelease) {
  return { retention, ...shownPath(path), size, ...shownContent(content) };
}
