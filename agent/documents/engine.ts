import * as z from "zod";
import { modeIds } from "../facts/index.ts";
import { documentKind, listOf, say } from "./document-kind.ts";
import { parseResolvable, parseSends } from "./sends.ts";

/** A command on its own is tried by its effect. */
const sends = z
  .union(
    [
      z.string().describe("Words that are tried on scratch files: rm -f {file}"),
      z.strictObject({
        command: z.string().min(1).describe("What is sent."),
        try: z
          .enum(["effect", "resolve"])
          .default("effect")
          .describe("effect: try it on scratch files; resolve: only ask what the program's name stands for."),
      }),
    ],
    { error: "a command, or { command: ..., try: resolve }" },
  )
  .superRefine((sent, context) => {
    const { command, try: tries } = typeof sent === "string" ? { command: sent, try: "effect" as const } : sent;
    const parsed = tries === "effect" ? parseSends(command) : parseResolvable(command);
    if (parsed.kind !== "refused") return;
    const { kind, ...said } = parsed;
    say(context, { code: "sends-refused", ...said }, typeof sent === "string" ? [] : ["command"]);
  });

const spec = z.strictObject({
  enters: listOf(z.enum(modeIds), String)
    .min(1)
    .describe("The ways of coming in, for example ssh-command for ssh host CMD."),
  sends: listOf(sends, (sent) => (typeof sent === "string" ? sent : sent.command))
    .default([])
    .describe("The commands that it sends, each tried in every mode of enters."),
});

export const engine = documentKind({
  kind: "Engine",
  summary: "Says how a remote engine comes in and what it sends.",
  why: "What a startup file breaks depends on the way of coming in and on the words that are sent, so both are written down.",
  owner: "the engine's vendor",
  livesIn: "/etc/rcwarden/policies/",
  tier: "policies",
  single: false,
  example: `apiVersion: rcwarden/v1
kind: Engine
metadata: { name: nightly-copy, description: Copies archive logs off the host. }
spec:
  enters: [ssh-command]
  sends:
    - rm -f {file}
    - cp -f {file} {existing}
    - { command: sqlplus -v, try: resolve }
`,
  schema: () => spec,
  references: () => [],
  nested: () => [],
  build: (common, { enters, sends: sent }) => ({
    kind: "Engine",
    ...common,
    enters,
    sends: sent.map((each) => (typeof each === "string" ? { command: each, try: "effect" as const } : each)),
  }),
});
