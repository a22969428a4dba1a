import * as z from "zod";
import { type Consequence, checkKind, type Judgement } from "./check-kind.ts";
import { cshrc, oracle } from "./example-facts.ts";
import { refuseVacuous } from "./vacuous.ts";
import { changeFor, placeOf } from "./wording.ts";

const subject = "umask";
const everything = 0o777;

const octal = z.string().regex(/^0?[0-7]{3}$/, "three octal digits, for example 022");

const parameters = z
  .strictObject({
    equals: octal.optional().describe("Exactly this mask, for example 022."),
    atMost: octal
      .optional()
      .describe("It takes away no more than this mask does, so that others can read what is theirs."),
    atLeast: octal.optional().describe("It takes away what this mask does, so that nobody else can write."),
  })
  .superRefine(({ equals, atMost, atLeast }, context) => {
    if (equals === undefined && atMost === undefined && atLeast === undefined) {
      refuseVacuous(context, "equals, atMost or atLeast", "none of them");
    }
    if (bits(atMost) === everything)
      refuseVacuous(context, "a mask below 777: none takes away more", "777", ["atMost"]);
    if (bits(atLeast) === 0) refuseVacuous(context, "a mask above 000: each takes away that", "000", ["atLeast"]);
    if (equals !== undefined && (atMost !== undefined || atLeast !== undefined)) {
      refuseVacuous(context, "equals alone, or atMost and atLeast", "more beside equals", ["equals"]);
    }
  });

function bits(mask: string | undefined): number | null {
  return mask === undefined ? null : Number.parseInt(mask, 8);
}

function shown(mask: number): string {
  return mask.toString(8).padStart(4, "0");
}

/** Why it fails, with what an engine then suffers; null where it holds. */
function wrong(is: number, { equals, atMost, atLeast }: z.output<typeof parameters>): [string, Consequence] | null {
  const [exact, most, least] = [bits(equals), bits(atMost), bits(atLeast)];
  if (exact !== null && exact !== is) {
    return [`the umask is ${shown(is)}, not ${shown(exact)}`, (exact & ~is) !== 0 ? "security" : "failed-command"];
  }
  if (most !== null && (is & ~most) !== 0) {
    return [
      `the umask ${shown(is)} takes more away than ${shown(most)}: others cannot use what is made`,
      "failed-command",
    ];
  }
  if (least !== null && (least & ~is) !== 0) {
    return [`the umask ${shown(is)} takes less away than ${shown(least)}: others can change what is made`, "security"];
  }
  return null;
}

export const umask = checkKind({
  id: "umask",
  summary: "The umask of commands is what the rule allows.",
  why: "Under 077 nobody else can read what the engine makes, under 000 everybody can write to it.",
  consequence: "failed-command",
  asksAbout: "mode",
  needs: ["umask"],
  afterStartup: true,
  parameters,
  subjects: () => [subject],
  judge(parameters, { umask, umaskFrom }): Judgement[] {
    const is = umask === null || !/^[0-7]{1,4}$/.test(umask) ? null : Number.parseInt(umask, 8) & everything;
    if (is === null) return [{ subject, status: "unknown", message: "the umask is not known" }];
    const evidence = { umask: shown(is) };
    const found = wrong(is, parameters);
    if (found === null) return [{ subject, status: "pass", message: `the umask is ${shown(is)}`, evidence }];
    const [message, consequence] = found;
    const cause = umaskFrom ?? {};
    const change = changeFor(cause, {
      at: (line) => `correct the umask of line ${line}, or keep the line from engines`,
      nowhere: "set it in a startup file that is read in this mode, or by PAM's pam_umask",
    });
    return [{ subject, ...placeOf(cause), status: "fail", consequence, message, change, evidence }];
  },
  examples: [
    { says: "the mask asked for holds", with: { equals: "022" }, facts: { ...oracle, umask: "0022" }, fails: [] },
    {
      says: "a mask that takes more away fails",
      with: { atMost: "027" },
      facts: { ...oracle, umask: "0077", umaskFrom: { where: cshrc(3), line: "umask 077" } },
      fails: [subject],
    },
    {
      says: "a mask that lets others write fails",
      with: { atLeast: "022" },
      facts: { ...oracle, umask: "0002" },
      fails: [subject],
    },
    {
      says: "a mask between the two holds",
      with: { atMost: "027", atLeast: "022" },
      facts: { ...oracle, umask: "0027" },
      fails: [],
    },
    {
      says: "a mask that is not known is no pass",
      with: { atMost: "027" },
      facts: { ...oracle, umask: null },
      fails: [],
      unknown: [subject],
    },
  ],
});
