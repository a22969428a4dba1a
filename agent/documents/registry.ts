import type { AnyDocumentKind } from "./document-kind.ts";
import { engine } from "./engine.ts";
import { policy } from "./policy.ts";

/** In the order in which people write them. */
export const documentKinds: readonly AnyDocumentKind[] = [engine, policy];
