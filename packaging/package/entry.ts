/** What lies in a package: one entry a file, link or folder that is the package's own. */

export type Format = "deb" | "rpm" | "tarball";

export interface Entry {
  /** As installed, without the leading slash: `usr/bin/rcwarden`. */
  readonly path: string;
  readonly is: Content;
  /** 0755 or 0644; of a link, none. */
  readonly mode: number;
  /** The host's owner may change it, and an upgrade leaves what he wrote. */
  readonly isConfiguration: boolean;
  readonly formats: readonly Format[];
}

export type Content =
  | { readonly kind: "file"; readonly from: string }
  | { readonly kind: "text"; readonly bytes: Uint8Array }
  | { readonly kind: "link"; readonly to: string }
  | { readonly kind: "folder" };

export const allFormats: readonly Format[] = ["deb", "rpm", "tarball"];

/** Where an entry lies in a format's tree: a tarball works in place, wherever it is unpacked. */
export function placeIn(format: Format, path: string): string {
  return format === "tarball" ? path.replace(/^usr\//, "") : path;
}
