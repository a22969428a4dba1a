/** One version of the program, made ready to be packed. */

export interface Release {
  readonly version: string;
  /** Seconds since 1970; the time of every file in a package. */
  readonly epoch: number;
  /** The checkout, absolute. */
  readonly checkout: string;
  /** A folder with what runs, laid out as in /usr/lib/rcwarden: stripped, and of nothing newer than `floors`. */
  readonly parts: string;
  /** Name and email address, as Debian and rpm want them. */
  readonly maintainer: string;
  readonly summary: string;
  /** Licence texts by the name of their file. */
  readonly licences: ReadonlyMap<string, Uint8Array>;
  /** What holds for which component, in Debian's form. */
  readonly copyright: string;
  /** CycloneDX, JSON. */
  readonly sbom: string;
}

/** How hard to press; `none` is for tests, which look at what is inside. */
export type Compression = "release" | "none";
