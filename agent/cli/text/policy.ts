import { table } from "../../facts/layout.ts";
import type { Line } from "./printable.ts";

interface Row {
  readonly kind: string;
  readonly name: string;
  readonly description: string;
  readonly inForce: boolean;
  readonly shipped: boolean;
  readonly file: string;
}

export function policyList(documents: readonly Row[]): Line[] {
  return table([
    ["kind", "name", "in force", "from"],
    ...documents.map(({ kind, name, inForce, shipped, file }) => [
      kind,
      name,
      inForce ? "yes" : "-",
      shipped ? "shipped" : file,
    ]),
  ]);
}
