import type { Shell } from "./shell.ts";
import { cronStart, usualStarts } from "./starts.ts";
import { yash } from "./yash.ts";
import { parseDumpOf } from "./yash-family.ts";

/** yash under the name `sh`: it reads nothing at all, but what ENV names where it is interactive. */
export const yashsh: Shell = {
  ...yash,
  name: "yashsh",
  startedAs: ["sh"],
  starts: { ...usualStarts, ...cronStart },
  reads: [{ file: "$ENV", modes: ["ssh-login"] }],
  parseDump: parseDumpOf("yashsh"),
};
