import type { Shell } from "./shell.ts";
import { cronStart, usualStarts } from "./starts.ts";
import { zshAsSh } from "./zsh-as-sh.ts";

export const zshsh: Shell = {
  ...zshAsSh,
  name: "zshsh",
  startedAs: ["sh"],
  starts: { ...usualStarts, ...cronStart },
};
