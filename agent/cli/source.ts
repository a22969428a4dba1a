/** How the program starts from source: the version is the package's own. Never part of a bundle. */
import packageJson from "../../package.json" with { type: "json" };
import { main as start } from "./index.ts";

export function main(argv: readonly string[], asksVersion: boolean): void {
  if (asksVersion) console.log(`rcwarden ${packageJson.version}`);
  else void start(argv, packageJson.version);
}
