/**
 * The reader: reads startup files with the account's identity. It is `node -` started through the launcher; its own text
 * comes on stdin behind one line that sets `globalThis.request`, so that it needs no file that the account cannot open.
 * One JSON document comes out: a Reading.
 */
import type { ModeId } from "../facts/index.ts";
import { accountFiles } from "../host/account-files.ts";
import { type ReadShell, read } from "../startup/index.ts";

export interface ReaderRequest {
  readonly shell: ReadShell;
  readonly mode: ModeId;
  readonly account: { readonly home: string; readonly uid: number };
  readonly env: Readonly<Record<string, string>>;
}

declare global {
  /** Set by the line that the agent puts before this text. */
  var request: ReaderRequest | undefined;
}

const asked = globalThis.request;
if (asked !== undefined) {
  const { shell, mode, account, env } = asked;
  process.stdout.write(JSON.stringify(read(shell, mode, account, env, accountFiles())));
}
