/** What reading needs of the file system; the reader child gives the real one, tests give one of plain objects. */
export type Look =
  | {
      readonly state: "text";
      readonly text: string;
      readonly digest: string;
      /** Why a shell may read something else than this text, as a clause; left out where it reads just this. */
      readonly odd?: string;
    }
  | { readonly state: "absent" }
  | { readonly state: "unreadable" | "not-a-file" | "skipped"; readonly reason: string };

/** The questions of test(1) and of csh's expressions about one path, by their letter. */
export const fileQuestions = "efdrwxszhLpSbcOGugk";

/** Paths are absolute. Everything is seen with the account's identity, and nothing waits: a FIFO is not opened. */
export interface Files {
  look(path: string): Look;
  /** The names in a folder; null where it cannot be listed. */
  list(path: string): readonly string[] | null;
  /** The answer to one of `fileQuestions`; null where it cannot be told. */
  ask(question: string, path: string): boolean | null;
  /** Where a link leads in the end; null for what is no link, or leads nowhere. */
  target(path: string): string | null;
  /** What tells that the path stayed the same: opaque, `absent`, or an error's code. */
  identity(path: string): string;
}
