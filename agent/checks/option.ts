import * as z from "zod";
import type { OptionFact } from "../facts/index.ts";
import { checkKind, type Judgement } from "./check-kind.ts";
import { cshrc, oracle } from "./example-facts.ts";
import { changeFor, keepFromEngines, placeOf } from "./wording.ts";

interface Known {
  readonly fact: OptionFact;
  readonly is: "on" | "off";
}

/** Shells spell them with or without underscores, and some only by their opposite: zsh's noclobber is its clobber, off. */
function optionOf(name: string, options: readonly OptionFact[]): Known | null {
  const plain = (text: string) => text.toLowerCase().replaceAll("_", "");
  const by = (spelled: string) => options.find((each) => plain(each.name) === spelled);
  const wanted = plain(name);
  const fact = by(wanted);
  if (fact !== undefined) return { fact, is: fact.value === "on" ? "on" : "off" };
  const opposite = by(`no${wanted}`) ?? (wanted.startsWith("no") ? by(wanted.slice(2)) : undefined);
  return opposite === undefined ? null : { fact: opposite, is: opposite.value === "on" ? "off" : "on" };
}

interface Asked {
  readonly is: "on" | "off";
  readonly shells: readonly string[] | undefined;
  readonly personality: string;
}

function judgeOption(name: string, { is, shells, personality }: Asked, options: readonly OptionFact[]): Judgement {
  if (shells?.includes(personality) === false) {
    return {
      subject: name,
      status: "pass",
      message: `${name} is asked of ${shells.join(" and ")}, not of ${personality}`,
    };
  }
  const known = optionOf(name, options);
  if (known === null) {
    const message = `${personality} has no option ${name}`;
    const change = `correct the rule's name of the option, or say by shells: of which shells it asks`;
    return { subject: name, status: "unknown", message, change };
  }
  const evidence = { option: known.fact.name, value: known.fact.value };
  if (known.is === is) return { subject: name, status: "pass", message: `${name} is ${is}`, evidence };
  const change =
    is === "off"
      ? changeFor(known.fact, keepFromEngines)
      : `switch ${name} on in a startup file that is read in this mode`;
  return { subject: name, ...placeOf(known.fact), status: "fail", message: `${name} is ${known.is}`, change, evidence };
}

export const option = checkKind({
  id: "option",
  summary: "The named options of the shell are on or off, as the rule says.",
  why: "noclobber keeps > from overwriting, errexit ends a list of commands without a word, nullglob makes ls *.none list everything.",
  consequence: "failed-command",
  asksAbout: "mode",
  needs: ["options"],
  afterStartup: true,
  parameters: z.strictObject({
    names: z
      .array(z.string().regex(/^[A-Za-z][A-Za-z0-9_-]*$/, "the name of an option, for example noclobber"))
      .min(1)
      .describe("Options as the shell names them. One that the shell does not have is undecided, never a pass."),
    is: z.enum(["on", "off"]).default("off").describe("What they should be."),
    shells: z
      .array(z.string().min(1))
      .min(1)
      .optional()
      .describe("Personalities (bash, zsh, tcsh) of which it asks; without it of every shell."),
  }),
  subjects: ({ names }) => [...new Set(names)],
  judge({ names, is, shells }, { options, shell }) {
    const asked = { is, shells, personality: shell.personality ?? shell.path };
    return [...new Set(names)].map((name) => judgeOption(name, asked, options));
  },
  examples: [
    {
      says: "noclobber off holds",
      with: { names: ["noclobber"] },
      facts: { ...oracle, options: [{ name: "noclobber", value: "off", where: null }] },
      fails: [],
    },
    {
      says: "noclobber on fails",
      with: { names: ["noclobber"] },
      facts: { ...oracle, options: [{ name: "noclobber", value: "on", where: cshrc(3) }] },
      fails: ["noclobber"],
    },
    {
      says: "zsh's clobber off is noclobber on",
      with: { names: ["noclobber"] },
      facts: {
        ...oracle,
        shell: { path: "/bin/zsh", personality: "zsh" },
        options: [{ name: "clobber", value: "off", where: cshrc(3) }],
      },
      fails: ["noclobber"],
    },
    {
      says: "an option that the shell does not have is undecided",
      with: { names: ["nulglob"] },
      facts: { ...oracle, options: [{ name: "noclobber", value: "off", where: null }] },
      fails: [],
      unknown: ["nulglob"],
    },
    {
      says: "an option of which only other shells are asked holds",
      with: { names: ["extglob"], shells: ["bash"] },
      facts: { ...oracle, options: [{ name: "noclobber", value: "off", where: null }] },
      fails: [],
    },
  ],
});
