/** JSON Schemas for editors, one a kind, rendered from what the loader itself checks by. */
import * as z from "zod";
import type { AnyDocumentKind, KnownCheck } from "./document-kind.ts";
import { metadata } from "./document-kind.ts";
import { apiVersion } from "./envelope.ts";
import { documentKinds } from "./registry.ts";

type Json = z.core.JSONSchema.BaseSchema;

/** File name (`engine.json`) to schema, as it lies in policies/schema/. */
export function documentSchemas(checks: readonly KnownCheck[]): Readonly<Record<string, Json>> {
  return Object.fromEntries(documentKinds.map((kind) => [`${kind.kind.toLowerCase()}.json`, schemaOf(kind, checks)]));
}

function schemaOf(kind: AnyDocumentKind, checks: readonly KnownCheck[]): Json {
  const whole = z.strictObject({
    apiVersion: z.literal(apiVersion),
    kind: z.literal(kind.kind),
    metadata,
    spec: kind.schema(checks),
  });
  return {
    ...z.toJSONSchema(whole, { target: "draft-07", io: "input", override: asEditorsRead }),
    title: kind.kind,
    description: kind.summary,
  };
}

/**
 * An editor reads YAML with the usual types, we read text: a number or boolean may stand in quotes, and where we want text
 * an all-digit name or the command `true` need none.
 */
function asEditorsRead({ jsonSchema }: { readonly jsonSchema: Json }): void {
  const { type } = jsonSchema;
  if (jsonSchema.enum !== undefined || jsonSchema.const !== undefined) return;
  if (type === "string") jsonSchema.type = ["string", "number", "boolean"];
}
