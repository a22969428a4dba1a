import { agent } from "./agent.ts";
import type { AnyDocumentKind } from "./document-kind.ts";
import { engine } from "./engine.ts";
import { exception } from "./exception.ts";
import { grant } from "./grant.ts";
import { policy } from "./policy.ts";
import { retention } from "./retention.ts";

/** Those of who runs an engine, then those of the host's owner; in the order in which people write them. */
export const documentKinds: readonly AnyDocumentKind[] = [engine, policy, retention, grant, exception, agent];
