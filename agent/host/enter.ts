import { builtPart } from "./beside.ts";

let set: string | null = null;

/** Says where the launcher lies, in place of the folder of the program. */
export function setLauncher(path: string | null): void {
  set = path;
}

/** Where the launcher `enter` lies. */
export function enterPath(): string {
  return set ?? builtPart("enter");
}
