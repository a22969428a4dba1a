/** Which files held something else while an account was measured, and where they were read. Pure. */
import { createHash } from "node:crypto";
import type { ModeId, Replacement } from "../facts/index.ts";
import type { Measured } from "./evaluate.ts";

export interface Replaced {
  readonly account: string;
  readonly file: string;
  /** What held it instead, as the caller named it. */
  readonly by: string;
  /** `sha256:HEX` of that. */
  readonly digest: string;
  /** The modes in which a shell read it; none where nothing is known of it. */
  readonly readIn: readonly ModeId[];
}

export interface Instead {
  readonly by: string;
  readonly replacement: Replacement;
}

export function replacedIn({ account, modes }: Measured, instead: readonly Instead[]): Replaced[] {
  return instead.map(({ by, replacement: { path, real, content } }) => {
    const digest = `sha256:${createHash("sha256").update(content).digest("hex")}`;
    // A shell may come to it by the name of a link.
    const readIn = modes.filter(({ startupFiles }) =>
      startupFiles.some(
        (file) => file.state === "read" && (file.path === path || file.path === real || file.digest === digest),
      ),
    );
    return { account: account.name, file: path, by, digest, readIn: readIn.map(({ mode }) => mode) };
  });
}
