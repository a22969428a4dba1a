/** Paths and addresses as documents have them. Whether anything is there is not looked at here. */
import { posix } from "node:path";
import * as z from "zod";
import { say } from "./document-kind.ts";
import type { Said } from "./issues.ts";

const control = /[\u0000-\u001f\u007f]/;

/** A path from `/`, to which nothing but a name is added: no `..`, no empty part. */
export const absolutePath = refined("^/", (text) => {
  if (text.startsWith("/") && text.length > 1 && isPlain(text.slice(1))) return null;
  return { code: "path-refused", expected: "an absolute path without .. or // in it, and no / at its end" };
});

/** node_exporter reads no others. */
export const metricsPath = refined("^/.*[^/]\\.prom$", (text) => {
  if (text.startsWith("/") && isPlain(text.slice(1)) && /[^/]\.prom$/.test(text)) return null;
  return { code: "path-refused", expected: "an absolute path that ends in .prom, without .. or // in it" };
});

/** A path from `/`, or one below the folder of the document: it cannot lead out of it. */
export const fileOfDocument = refined("^[^~]", (text) => {
  const below = text.startsWith("/") ? text.slice(1) : text;
  if (below !== "" && !text.startsWith("~") && isPlain(below)) return null;
  return { code: "path-refused", expected: "an absolute path, or one below this document's folder without .. in it" };
});

/** What such a path means, for a document in `file`. */
export function besideDocument(file: string, path: string): string {
  return path.startsWith("/") ? path : posix.join(posix.dirname(file), path);
}

function isPlain(path: string): boolean {
  return !control.test(path) && path.length < 4096 && path.split("/").every((part) => !["", ".", ".."].includes(part));
}

/**
 * An address of one of these schemes, with nobody's name and password in it. What was found is not said: it might be the
 * password.
 */
export function address(schemes: readonly ("https" | "http")[], pathAllowed: boolean) {
  const begin = schemes.map((scheme) => `${scheme}://`).join(" or ");
  return refined(`^(${schemes.join("|")})://[^/?#@ ]+`, (text) => {
    const where = /^([a-z]+):\/\/([^/?#]+)([^#\s]*)$/.exec(text);
    const scheme = schemes.find((each) => each === where?.[1]);
    if (where === null || scheme === undefined || control.test(text) || !URL.canParse(text)) {
      const found = schemes.some((each) => text.startsWith(`${each}://`)) ? "one that is none" : "something else";
      return { code: "url-refused", expected: `a URL that begins with ${begin}`, found };
    }
    if (where[2]?.includes("@") === true) {
      const change = "a client certificate or a token stands in a file that the document names";
      return { code: "url-with-credentials", expected: "a URL without name and password", found: "some", change };
    }
    if (!pathAllowed && !["", "/"].includes(where[3] ?? "")) {
      return { code: "url-refused", expected: `${begin}HOST:PORT`, found: "a path or query after it" };
    }
    return null;
  });
}

function refined(pattern: string, refuse: (text: string) => Said | null) {
  return z
    .string()
    .superRefine((text, context) => {
      const said = refuse(text);
      if (said !== null) say(context, said);
    })
    .meta({ pattern });
}
