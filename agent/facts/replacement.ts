/** A file that stands in the place of another one while an account is measured: nothing of the host changes. */
export interface Replacement {
  /** As it was asked for, absolute. */
  readonly path: string;
  /** The same without links: where a shell that writes or reads `path` comes to. There need not be a file yet. */
  readonly real: string;
  readonly content: Uint8Array;
}

/** What stands in the place of this path, by whichever of its names; undefined where nothing does. */
export function replacementOf(path: string, replaced: readonly Replacement[]): Replacement | undefined {
  return replaced.find((each) => each.real === path || each.path === path);
}
