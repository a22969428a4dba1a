/** What the verbs need of the world, as one value: real-parts.ts makes the real one, tests inject facts. */
import type { Loaded } from "../documents/index.ts";
import type { Account, ModeFacts } from "../facts/index.ts";
import type { MeasureRequest, NameService } from "../runs/world.ts";

export interface Parts extends NameService {
  now(): Date;
  readonly hostName: string;
  /** The documents at these paths and what they name; without paths those of the host, else the shipped ones. */
  documents(paths: readonly string[]): Promise<Loaded>;
  /** How many startup files its shell reads by `ssh host CMD`; null where that could not be had. */
  startupFiles(account: Account): Promise<number | null>;
  /** The text of a file that `documents` named. */
  read(file: string): Promise<string>;
  measure(request: MeasureRequest): Promise<ModeFacts>;
}
