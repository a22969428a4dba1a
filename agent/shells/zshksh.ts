import type { Shell } from "./shell.ts";
import { zshAsSh } from "./zsh-as-sh.ts";

/** It does not read ~/.kshrc (measured). */
export const zshksh: Shell = { ...zshAsSh, name: "zshksh", startedAs: ["ksh"] };
