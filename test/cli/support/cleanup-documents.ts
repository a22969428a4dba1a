/** Documents of cases of clean-up. */
import type { Grant, HostDocuments, Loaded, Retention } from "../../../agent/documents/index.ts";
import { documents, noHost } from "./world.ts";

export function withRetentions(...retentions: readonly Retention[]): (host?: HostDocuments) => Loaded {
  return (host = noHost) => ({ kind: "documents", set: { ...documents, retentions }, host });
}

export function granted(remove: Grant["remove"]): HostDocuments {
  const grant: Grant = {
    kind: "Grant",
    name: "db07",
    description: "",
    measure: { accounts: "all", how: "running", notBetween: [] },
    local: "names",
    share: "names",
    remove,
    origin: { file: "/etc/rcwarden/grant.yaml", digest: "sha256:0", shipped: false, given: true },
  };
  return { ...noHost, grant: { kind: "grant", grant } };
}

export const allowed = granted([{ account: "oracle", below: "/u01/staging", apply: "by-hand", releasesFrom: null }]);
