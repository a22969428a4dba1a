/** JSON Schemas for editors, one a kind, rendered from what the loader itself checks by. */
import * as z from "zod";
import { type AnyDocumentKind, type KnownCheck, metadata } from "./document-kind.ts";
import { apiVersion } from "./envelope.ts";
import { type Json, jsonSchemaOf } from "./json-schema.ts";
import { documentKinds } from "./registry.ts";

/** File name (`engine.json`) to schema, as it lies in policies/schema/. */
export function documentSchemas(checks: readonly KnownCheck[]): Readonly<Record<string, Json>> {
  return Object.fromEntries(documentKinds.map((kind) => [`${kind.kind.toLowerCase()}.json`, schemaOf(kind, checks)]));
}

function schemaOf(kind: AnyDocumentKind, checks: readonly KnownCheck[]): Json {
  const whole = z.strictObject({
    apiVersion: z.literal(apiVersion),
    kind: z.literal(kind.kind),
    metadata,
    spec: kind.schema({ checks }, "editors"),
  });
  return { title: kind.kind, description: kind.summary, ...jsonSchemaOf(whole) };
}
