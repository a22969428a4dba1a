import { createHash } from "node:crypto";

/** A release as the store keeps it: somebody's word that a safe copy of exactly this content exists. */
export interface StoredRelease {
  /** sha256 in hex over Retention, path, size and content: the same release again is the same row. */
  readonly key: string;
  readonly retention: string;
  /** Whose files; an account sees its own. */
  readonly account: string;
  /** `engine`: by the answer of the sink of this name. `account`: by whoever came in as it. */
  readonly by: { readonly kind: "engine" | "account"; readonly name: string };
  /** Below the Retention's root, each name as bytes in hex. */
  readonly path: readonly string[];
  /** Bytes, decimal. */
  readonly size: string;
  /** As in a plan: nanoseconds are decimal. */
  readonly content:
    | { readonly kind: "sha256"; readonly digest: string }
    | { readonly kind: "mtime"; readonly ns: string; readonly precisionNs: string };
  /** RFC 3339. */
  readonly receivedAt: string;
  readonly expiresAt: string;
  /** What was answered last. */
  readonly answer: ReleaseAnswer;
  /** What an event told of it last; left out before the first. */
  readonly told?: ReleaseAnswer;
}

/** Stable words. A release is acted on only while it is `accepted`. */
export const releaseAnswers = [
  /** It counts; the file goes when nothing else keeps it. */
  "accepted",
  /** The file is there with another content: it stays. */
  "changed",
  /** No such file. */
  "absent",
  /** It was removed, by us and by this release. */
  "removed",
  /** 30 days are over. */
  "expired",
  /** No Retention of this name, or its `releasedBy` or the Grant does not let this one release. */
  "not-allowed",
  /** As many are kept as may be: it is not, and can be released again later. */
  "too-many",
] as const;
export type ReleaseAnswer = (typeof releaseAnswers)[number];

/** One release as it was asked for. Its door is `parseRelease`, wherever it comes from. */
export type AskedRelease = Pick<StoredRelease, "retention" | "path" | "size" | "content">;

/** In the order in which they were asked; nothing was kept where it is `refused`. */
export type Released =
  | {
      readonly kind: "released";
      readonly answers: readonly { readonly answer: ReleaseAnswer; readonly message: string }[];
    }
  | { readonly kind: "refused"; readonly message: string };

/** How many of a Retention were answered so last. */
export interface ReleaseCount {
  readonly retention: string;
  readonly answer: ReleaseAnswer;
  readonly rows: number;
}

/** A word of the list, for what the database holds; anything else is broken ground. */
export function releaseAnswer(text: string): ReleaseAnswer {
  const answer = releaseAnswers.find((each) => each === text);
  if (answer === undefined) throw new Error(`state database: expected an answer to a release, found ${text}`);
  return answer;
}

/** The `key` of a release: the same in each program, on each host. */
export function releaseKey({ retention, path, size, content }: AskedRelease): string {
  const says = content.kind === "sha256" ? [content.digest] : [content.ns, content.precisionNs];
  return createHash("sha256")
    .update(JSON.stringify([retention, path, size, content.kind, ...says]))
    .digest("hex");
}
